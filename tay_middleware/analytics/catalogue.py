"""Each metric by itself, from what was counted of a period; `docs/metrics.md` explains them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tay_middleware.analytics.clustered import GROUPS, clustered, difference
from tay_middleware.analytics.days import ALL, Reactions, Sums, Tally, group_of_row
from tay_middleware.analytics.metrics import (
    CONVERSION_TARGET,
    ENOUGH,
    ESCALATION_TARGET,
    Period,
    Rate,
    Target,
    compared,
    rate,
)
from tay_middleware.currencies import DECIMALS
from tay_middleware.storage.reading.day_sheets import DIMENSIONS

DAYS_A_MONTH = 365.25 / 12

NOBODY = "nobody known"
"""The value of `users` of figures of turns without a user's id."""

COMES_BACK = {
    "again": "asks_again_in_the_conversation",
    "week": "returns_within_7_days",
    "month": "returns_after_8_to_30_days",
}


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure.

    `number` is a share from 0 to 1 where the unit is `share`, a difference of two where it is
    `points`, and otherwise in the unit; `None` where there is nothing to count. `low` and `high`
    are its 95 % interval. `dimension` and `value` say of what part, both `None` for all. `stands`
    is how it stands to its target, in words, where it has one.
    """

    name: str
    unit: str
    number: float | None
    n: int
    hits: int | None = None
    low: float | None = None
    high: float | None = None
    dimension: str | None = None
    value: str | None = None
    target: Target | None = None
    stands: str | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """What figures hang on: the window of a sale, bad reactions, and what running it all costs.

    Without `reactions` bad ones are told of the days alone that know them from before.
    Mentions older than `retention_days` have lost their rows, and with them what became of them.
    """

    attribution_days: float
    reactions: Reactions | None
    running_cost_usd_per_month: float = 0.0
    retention_days: int | None = None


@dataclass(frozen=True, slots=True)
class Counted:
    """What is read of a period.

    `questions` and `mentions` (by dimension and value) are of all its days; `sums` of those whose
    sheet is whole.
    """

    questions: int
    mentions: Mapping[str, Mapping[str, int]]
    sums: Sums
    ripe: Sums
    sold: Sequence[Any]
    shown_by_day: Mapping[Any, int]
    kinds: Mapping[str, int]
    detected: int
    revenue: Sequence[Any]
    by_hand: Sequence[Any]
    feedback: tuple[int, int, int]
    judged: Sequence[Any]
    simulated: bool


def catalogue(
    counted: Counted, matured: datetime, period: Period, terms: Terms
) -> Iterable[Measure]:
    """Every metric; conversion is of mentions before `matured`."""
    sold = _sold(row for row in counted.sold if row.created_at < matured)
    yield from _frequency(counted)
    yield from _conversion(counted.ripe, sold)
    yield from _orderings(counted.ripe, sold)
    yield from _money(counted, period, terms)
    yield from _welcome(counted)
    yield from _accuracy(counted.judged)


def _frequency(counted: Counted) -> Iterable[Measure]:
    sums = counted.sums
    asked = _total(sums.asked.values())
    shown = sums.mentions.get(ALL, {}).get("", [0] * GROUPS)
    yield _share("escalation_rate", clustered(shown, asked), target=ESCALATION_TARGET)
    for tier, n in sorted(sums.asked.items()):
        hits = sums.mentions["tier"].get(tier, [0] * GROUPS)
        yield _share("escalation_rate", clustered(hits, n), "tier", tier)
    questions = counted.questions
    yield _share("detection_rate", rate(min(counted.detected, questions), questions))
    for name, values in sorted(_mentions(counted).items()):
        for value, number in sorted(values.items()):
            where = (None, None) if name == ALL else (name, value)
            yield _count_of("mentions", number, *where)
    for cause, number in counted.kinds.items():
        yield _count_of("held_back", number, "suppressed", cause)
    yield _count_of("questions", questions)


def _mentions(counted: Counted) -> Mapping[str, Mapping[str, int]]:
    """All mentions by what is counted for ever, and by the rest as far as sheets know."""
    of_sheets = {
        name: {value: sum(tally) for value, tally in values.items()}
        for name, values in counted.sums.mentions.items()
    }
    return of_sheets | dict(counted.mentions)


def _conversion(ripe: Sums, sold: Mapping[str, Mapping[str, Tally]]) -> Iterable[Measure]:
    for name, values in sorted(_whole(ripe).items()):
        found = []
        for value, n in values.items():
            hits = sold.get(name, {}).get(value, [0] * GROUPS)
            where = (None, None) if name == ALL else (name, value)
            found.append(
                _share("conversion_rate", clustered(hits, n), *where, target=CONVERSION_TARGET)
            )
        yield from sorted(found, key=lambda one: (-(one.number or 0.0), one.value or ""))


def _orderings(ripe: Sums, sold: Mapping[str, Mapping[str, Tally]]) -> Iterable[Measure]:
    """Two targets of the brief: mentorship converts best, and premium users convert higher."""
    for name, best, others in (
        ("offer", "mentorship", sorted(set(ripe.mentions.get("offer", {})) - {"mentorship"})),
        ("tier", "premium", ["free"]),
    ):
        for other in others:
            yield _ahead(name, best, other, ripe, sold)


def _ahead(
    name: str, best: str, other: str, ripe: Sums, sold: Mapping[str, Mapping[str, Tally]]
) -> Measure:
    none = [0] * GROUPS
    one, two = (
        (sold.get(name, {}).get(value, none), ripe.mentions.get(name, {}).get(value, none))
        for value in (best, other)
    )
    found = difference(one, two)
    smaller = min(sum(one[1]), sum(two[1]))
    whole, low, high = found or (None, None, None)
    return Measure(
        name="converts_better",
        unit="points",
        number=whole,
        n=smaller,
        low=low,
        high=high,
        dimension=name,
        value=f"{best} than {other}",
        stands=_verdict(low, high, smaller),
    )


def _verdict(low: float | None, high: float | None, n: int) -> str:
    if low is None or high is None or n < ENOUGH:
        return "too little data"
    if low > 0:
        return "yes"
    return "no, the other way round" if high < 0 else "not sure yet"


def _money(counted: Counted, period: Period, terms: Terms) -> Iterable[Measure]:
    days = (period.until - period.since) / timedelta(days=1)
    questions = sum(map(sum, counted.sums.asked.values()))
    llm = counted.sums.llm_usd / 1e6
    running = terms.running_cost_usd_per_month * days / DAYS_A_MONTH
    marked = sum(int(row.conversions) for row in counted.by_hand)
    if marked:
        yield _count_of("marked_by_hand", marked)
    for row in (*counted.revenue, *(row for row in counted.by_hand if row.currency)):
        currency = row.currency or "?"
        number, net = int(row.conversions), int(row.net) / 10 ** DECIMALS.get(currency, 2)
        yield _amount("purchases", "count", number, number, row.kind, currency)
        yield _amount("revenue", currency, net, number, row.kind, currency)
        yield _amount(
            "average_value", currency, net / number if number else None, number, row.kind, currency
        )
        if (row.kind, currency) == ("attributed", "usd"):
            cost = llm + running
            yield Measure("roi", "times", net / cost if cost else None, number)
    yield Measure("llm_calls", "count", counted.sums.llm_calls, questions)
    per_thousand = 1000 * llm / questions if questions else None
    yield Measure("llm_cost_per_1000_questions", "usd", per_thousand, questions)
    yield Measure("cost", "usd", llm + running, questions)


def _welcome(counted: Counted) -> Iterable[Measure]:
    """How users take it: what they say, and whether they come back."""
    sums = counted.sums
    helpful, not_helpful, stops = counted.feedback
    yield _share("called_helpful", rate(helpful, helpful + not_helpful))
    yield _count_of("asked_to_stop", stops)
    yield from _reactions(sums)
    for window, name in COMES_BACK.items():
        if window in sums.answered:
            n, hits = sums.answered[window]
            yield _share(name, clustered(hits, n))
        pairs = {
            arm: (came[window][1], came[window][0])
            for arm, came in sums.first_due.items()
            if window in came
        }
        for arm, (hits, n) in pairs.items():
            yield _share(name, clustered(hits, n), "arm", arm)
        if window in sums.active:
            n, hits = sums.active[window]
            yield _share(name, clustered(hits, n), "arm", "everybody")
        if {"shown", "holdout"} <= set(pairs):
            yield _kept_by_mentions(name, pairs["shown"], pairs["holdout"])


def _reactions(sums: Sums) -> Iterable[Measure]:
    """Of mentions to somebody; those to nobody known apart: of them feedback alone is heard."""
    name = "bad_reactions"
    heard, unheard = _total(sums.heard.values()), _total(sums.unheard.values())
    yield _share(name, clustered(_total(sums.bad.values()), heard))
    for template, n in sorted(sums.heard.items()):
        hits = sums.bad.get(template, [0] * GROUPS)
        yield _share(name, clustered(hits, n), "template", template)
    if sum(unheard):
        found = clustered(_total(sums.unheard_bad.values()), unheard)
        yield _share(name, found, "users", NOBODY)


_KEPT = {
    "returns": {
        "yes": "mentions bring people back",
        "no, the other way round": "mentions drive people away",
    },
    "goes on": {"yes": "mentions are answered", "no, the other way round": "mentions end talks"},
}
"""What a difference means: whoever answers a mention, if only to say no, does not come back yet."""


def _kept_by_mentions(
    name: str, shown: tuple[Tally, Tally], holdout: tuple[Tally, Tally]
) -> Measure:
    whole, low, high = difference(shown, holdout) or (None, None, None)
    n = min(sum(shown[1]), sum(holdout[1]))
    verdict = _KEPT["returns" if name.startswith("returns") else "goes on"]
    stands = _verdict(low, high, n)
    return Measure(
        name=f"{name}_because_of_a_mention",
        unit="points",
        number=whole,
        n=n,
        low=low,
        high=high,
        stands=verdict.get(stands, stands),
    )


def _accuracy(judged: Sequence[Any]) -> Iterable[Measure]:
    """By what people said of single decisions; `tay eval` judges by labelled files."""
    right = sum(bool(row.detected) == bool(row.label_escalate) for row in judged)
    yield _share("judged_right", rate(right, len(judged)))
    both = [row for row in judged if row.detected and row.label_escalate and row.label_offer]
    fits = sum(row.offer == row.label_offer for row in both)
    yield _share("offer_judged_right", rate(fits, len(both)))


def _whole(sums: Sums) -> Mapping[str, Mapping[str, Tally]]:
    """The mentions, with a row for all of them though there are none."""
    return {ALL: {"": [0] * GROUPS}} | sums.mentions


def _sold(rows: Iterable[Any]) -> dict[str, dict[str, Tally]]:
    counts: dict[str, dict[str, Tally]] = {}
    for row in rows:
        group = group_of_row(row)
        for name in (ALL, *DIMENSIONS):
            value = "" if name == ALL else getattr(row, name) or ""
            counts.setdefault(name, {}).setdefault(value, [0] * GROUPS)[group] += 1
    return counts


def _total(tallies: Iterable[Tally]) -> Tally:
    whole = [0] * GROUPS
    for tally in tallies:
        whole = [*map(int.__add__, whole, tally)]
    return whole


def _share(
    name: str,
    found: Rate,
    dimension: str | None = None,
    value: str | None = None,
    *,
    target: Target | None = None,
) -> Measure:
    return Measure(
        name=name,
        unit="share",
        number=found.share,
        n=found.n,
        hits=found.hits,
        low=found.low,
        high=found.high,
        dimension=dimension,
        value=value,
        target=target,
        stands=compared(found, target) if target else None,
    )


def _count_of(
    name: str, number: int, dimension: str | None = None, value: str | None = None
) -> Measure:
    return Measure(name, "count", number, number, dimension=dimension, value=value)


def _amount(
    name: str, unit: str, number: float | None, n: int, kind: str, currency: str
) -> Measure:
    return Measure(name, unit, number, n, dimension="kind", value=f"{kind}, {currency}")
