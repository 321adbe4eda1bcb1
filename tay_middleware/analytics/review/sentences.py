"""What a review says in words: what happened, what is sure of it. Fixed rules, nobody's opinion."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, sqrt

from tay_middleware.analytics.catalogue import Measure
from tay_middleware.analytics.experiments import Call, Increment, State, Verdict
from tay_middleware.analytics.experiments.words import A_YEAR
from tay_middleware.analytics.held_out import measured_with_all_shown
from tay_middleware.analytics.lifetimes import TimeToSale
from tay_middleware.analytics.metrics import ENOUGH, Z95
from tay_middleware.analytics.review.facts import Facts
from tay_middleware.analytics.review.tiers import is_of_tier
from tay_middleware.analytics.titles import TITLES
from tay_middleware.analytics.wording import (
    are,
    counted,
    figure,
    interval,
    major,
    missing_days,
    percent,
    target,
)

CLOSE_ENOUGH = 0.025
"""Half an interval of this can be held against a target that is five points wide."""

NOT_SURE = "not sure yet"


def happened(facts: Facts) -> Iterator[str]:
    """The figures of the period, and what changed."""
    now = facts.now
    questions, mentions = now.one("questions"), now.one("mentions")
    rate = now.one("escalation_rate")
    if not questions.n:
        yield "Nobody asked anything."
        return
    share = (
        f" ({percent(rate.number)}, 95 %: {interval(rate)} %)" if rate.number is not None else ""
    )
    asked = counted(questions.n, "question")
    yield f"{asked}; Tay mentioned an offer in {mentions.n:,} of them{share}."
    if now.missing:
        yield f"{missing_days(now.missing)}: rates are of the other days."
    attributed = [one for one in now.of("purchases", "kind") if _kind(one) == "attributed"]
    money = {one.value: one for one in now.of("revenue", "kind")}
    for one in attributed:
        revenue = money[one.value]
        yield (
            f"{counted(one.n, 'purchase')} {are(one.n)} credited to mentions: "
            f"{figure(revenue.number, revenue.unit)}."
        )
    if not attributed:
        yield "No purchase of the period is credited to a mention."
    for one in [one for one in now.items if one.name == "marked_by_hand"]:
        sums = [told for told in money.values() if _kind(told) == "by_hand"]
        amounts = " and ".join(figure(told.number, told.unit) for told in sums)
        known = f": {amounts}" if amounts else ""
        yield (
            f"{counted(one.n, 'mention')} {are(one.n)} marked as sold by hand, without a "
            f"payment{known}."
        )
    if facts.past:
        yield from _changed(facts)
    yield from _paused(facts)


@dataclass(frozen=True, slots=True)
class Claim:
    """One sentence, and whether the intervals leave no doubt about it."""

    words: str
    is_sure: bool


def claims(facts: Facts) -> Iterator[Claim]:
    """What can be said of the figures, sure or not; where it is not, what it would take."""
    yield from _of_rates(facts)
    yield from _of_orderings(facts)
    yield from _of_tests(facts)
    yield from _of_returns(facts)
    yield from _of_tiers(facts)


def sold_in(waited: TimeToSale) -> Iterator[str]:
    """How long mentions whose window is closed took to sell; the money of a period is of others."""
    if waited.mean_days is not None and waited.median_days is not None:
        yield (
            f"{waited.mean_days:.1f} days on average; half of the {counted(waited.n, 'sale')} "
            f"within {waited.median_days:.1f} days."
        )
    elif not waited.untimed:
        yield (
            "None of the mentions whose window is closed was sold; the table counts young ones too."
        )
    if waited.untimed:
        many = waited.untimed
        yield f"{counted(many, 'sale')} {are(many)} left out: the admin did not say when."


def _of_rates(facts: Facts) -> Iterator[Claim]:
    for what, one in _against_targets(facts):
        is_sure = not _is_open(one)
        rest = _target(one) if is_sure else _wanting(one, facts)
        yield Claim(f"{_measured(what, one)} {rest}{_held_out(one, facts)}", is_sure)


def _of_orderings(facts: Facts) -> Iterator[Claim]:
    for one in facts.ripe.items:
        if one.name != "converts_better":
            continue
        known = f" ({interval(one)} points)" if one.low is not None else ""
        better, _, other = (one.value or "").partition(" than ")
        if _is_open(one):
            yield Claim(
                f"Whether {better} converts better than {other}{known}: {one.stands}.", False
            )
        else:
            verb = "converts better" if one.stands == "yes" else "does not convert better"
            yield Claim(f"{better.capitalize()} {verb} than {other}{known}.", True)


def _of_tests(facts: Facts) -> Iterator[Claim]:
    for verdict in facts.verdicts:
        doubts = "; ".join(verdict.health.doubts)
        if verdict.call in {Call.SHIP, Call.NO_DIFFERENCE, Call.NOT_BETTER}:
            but = f" But {doubts}." if doubts else ""
            yield Claim(f"Test {verdict.name}: {verdict.words}.{but}", not doubts)
        elif verdict.call is Call.UNHEALTHY:
            problems = "; ".join(verdict.health.problems)
            yield Claim(f"Test {verdict.name} is unhealthy, do not read it: {problems}.", False)
        elif verdict.state is State.RUNNING:
            yield Claim(f"Test {verdict.name}: {_waiting(verdict)}.", False)
        for one in verdict.increments:
            is_apart = one.interval.low > 0 or one.interval.high < 0
            doubt = "" if is_apart else " It may as well be nothing."
            yield Claim(_brought(one) + doubt, is_apart and not doubts)


def _of_returns(facts: Facts) -> Iterator[Claim]:
    for one in facts.ripe.items:
        # Whoever answers a mention goes on talking, if only to say no: that proves nothing.
        if one.name.startswith("returns") and one.unit == "points" and not _is_open(one):
            title = TITLES[one.name]
            figures = f"{figure(one.number, one.unit)}, {interval(one)}"
            yield Claim(f"{title}: {one.stands} ({figures}).", True)


def _of_tiers(facts: Facts) -> Iterator[Claim]:
    """Sure by a test alone: shares of mentions that are looked at every week are often apart."""
    for one in facts.tiers:
        found = _better_wording(facts, one.tier)
        if found is not None:
            yield Claim(f"For {one.tier} users {found}.", True)
        else:
            yield Claim(
                f"Whether wording made for {one.tier} users pays: {percent(one.own)} of "
                f"{one.own_n} against {percent(one.common)} of {one.common_n}, after shrinkage.",
                False,
            )


def _better_wording(facts: Facts, tier: str) -> str | None:
    """What the test of just this tier says, if it is decided."""
    tests = {} if facts.playbook is None else facts.playbook.experiments.experiments
    for verdict in facts.verdicts:
        test = tests.get(verdict.name)
        if test is None or not is_of_tier(test, tier) or test.scope.tier != tier:
            continue
        if verdict.call is Call.SHIP and verdict.ship is not None and not verdict.health.doubts:
            is_for_all = test.arms[verdict.ship].wording == "all"
            better = "the wording for all" if is_for_all else "their own wording"
            return f"{better} converts better (test {verdict.name})"
    return None


def _waiting(verdict: Verdict) -> str:
    if verdict.days_left is None or verdict.days_left <= A_YEAR:
        return verdict.words
    return (
        "at this pace it is not decided within a year; let more people take part, or look for a "
        f"larger lift than its plan does (`tay experiments show {verdict.name}`)"
    )


def _is_open(one: Measure) -> bool:
    return one.stands is None or one.stands.startswith((NOT_SURE, "too little data"))


def _against_targets(facts: Facts) -> Iterator[tuple[str, Measure]]:
    yield "Tay mentions an offer in", facts.now.one("escalation_rate")
    yield "Mentions lead to a sale in", facts.ripe.one("conversion_rate")
    for one in facts.ripe.of("conversion_rate", "offer"):
        yield f"Mentions of the {one.value} lead to a sale in", one


def _measured(what: str, one: Measure) -> str:
    if one.number is None:
        return f"{what} an unknown share: nothing is old enough."
    return f"{what} {percent(one.number)} of {one.n:,} (95 %: {interval(one)} %)."


def _held_out(one: Measure, facts: Facts) -> str:
    share = facts.held_out
    if one.name != "escalation_rate" or not share or one.number is None:
        return ""
    found = measured_with_all_shown(one, share)
    return f" With nobody held out it would be about {percent(found.number or 0.0)}."


def _target(one: Measure) -> str:
    if one.target is None:
        return ""
    return f"The target is {target(one)}: {one.stands}."


def _wanting(one: Measure, facts: Facts) -> str:
    """How much more it takes until a rate can be held against its target."""
    if one.number is None or one.target is None:
        return "Wait."
    per_week = _per_week(one, facts)
    missing = max(ENOUGH, _needed(one)) - one.n
    if missing <= 0:
        return f"It lies near an edge of the target ({target(one)})."
    if not per_week:
        return f"About {missing:,} more would say."
    weeks = ceil(missing / per_week)
    return f"About {missing:,} more would say: {weeks} week{'s' * (weeks > 1)} at this pace."


def _needed(one: Measure) -> int:
    half = ((one.high or 1.0) - (one.low or 0.0)) / 2
    return ceil(one.n * (half / CLOSE_ENOUGH) ** 2) if half and one.n else ENOUGH


def _per_week(one: Measure, facts: Facts) -> float:
    """Of the days that the rate is of: none before the first question, none past retention."""
    if one.name == "escalation_rate":
        days = (facts.now.period.until - facts.now.asked_since).days
    else:
        days = (facts.ripe.matured_until - facts.ripe.matured_since).days
    return 7 * one.n / days if days > 0 else 0.0


def _changed(facts: Facts) -> Iterator[str]:
    name, before = facts.past[0]
    now, then = facts.now.one("escalation_rate"), before.one("escalation_rate")
    if now.number is None or then.number is None:
        return
    moved = _moved(now, then)
    words = "" if moved else ", which may be chance"
    yield (
        f"In {name} it was {percent(then.number)}: {100 * (now.number - then.number):+.1f} "
        f"points{words}."
    )
    now, then = facts.ripe.one("conversion_rate"), facts.ripe_before.one("conversion_rate")
    if now.number is not None and then.number is not None:
        words = "" if _moved(now, then) else ", which may be chance"
        yield (
            f"Conversion was {percent(then.number)} in the weeks before, and is "
            f"{percent(now.number)} now{words}."
        )


def _moved(now: Measure, then: Measure) -> bool:
    """Whether two rates of other weeks differ by more than chance: their errors add up."""
    errors = [((one.high or 1.0) - (one.low or 0.0)) / (2 * Z95) for one in (now, then)]
    apart = abs((now.number or 0.0) - (then.number or 0.0))
    return bool(apart > Z95 * sqrt(sum(error**2 for error in errors)))


def _paused(facts: Facts) -> Iterator[str]:
    for one in facts.paused:
        until = f" until {one.until:%Y-%m-%d %H:%M} UTC" if one.until else ""
        yield f"{one.name} is paused{until}: {one.reason}"


def _brought(one: Increment) -> str:
    if one.currency is None:
        what = counted(round(one.amount), "purchase")
        low, high = one.interval.low, one.interval.high
        span = f"{low:,.0f} to {high:,.0f}"
    else:
        unit = one.currency.upper()
        amount, low, high = (
            major(value, one.currency)
            for value in (one.amount, one.interval.low, one.interval.high)
        )
        what, span = f"{amount:,.0f} {unit}", f"{low:,.0f} to {high:,.0f} {unit}"
    return f"Against silence (the holdout) mentions have brought {what} in all (95 %: {span})."


def _kind(one: Measure) -> str:
    return (one.value or "").partition(",")[0]
