"""The chapters of a review: each a picture, and the table that says all that the picture says."""

from collections.abc import Iterable, Iterator, Sequence

from tay_middleware.analytics import charts
from tay_middleware.analytics.catalogue import Measure
from tay_middleware.analytics.experiments import Verdict
from tay_middleware.analytics.measures import Measures
from tay_middleware.analytics.metrics import CONVERSION_TARGET, ENOUGH, ESCALATION_TARGET
from tay_middleware.analytics.review.document import Section, Table
from tay_middleware.analytics.review.facts import Facts
from tay_middleware.analytics.review.sentences import sold_in
from tay_middleware.analytics.review.tiers import is_drawn
from tay_middleware.analytics.titles import TITLES
from tay_middleware.analytics.wording import figure, interval, percent, target

MOST_WORDINGS = 12

RATE_COLUMNS = ("", "#rate", "#95 %", "#of", "target", "")


def sections(facts: Facts) -> Iterator[Section]:
    """All chapters that have something to say."""
    yield _often(facts)
    yield _offers(facts)
    yield _wordings(facts)
    yield _questions(facts)
    yield _soon(facts)
    yield _money(facts)
    yield _welcome(facts)
    if facts.tiers:
        yield _tiers(facts)
    yield _tests(facts)


def _often(facts: Facts) -> Section:
    told = [(name, one.one("escalation_rate")) for name, one in reversed(facts.past)]
    told.append((facts.name, facts.now.one("escalation_rate")))
    days = [one.period.since for _, one in reversed(facts.past)] + [facts.now.period.since]
    points = [
        (day.date().isoformat(), one.number) for day, (_, one) in zip(days, told, strict=True)
    ]
    band = (ESCALATION_TARGET.low, ESCALATION_TARGET.high)
    tiers = facts.now.of("escalation_rate", "tier")
    return Section(
        "How often Tay mentions an offer",
        ("The band is the target.",),
        charts.line(points, band=band) if len(points) > 1 else None,
        (
            Table("By period", RATE_COLUMNS, tuple(_row(name, one) for name, one in told)),
            Table("By tier", RATE_COLUMNS, tuple(_row(one.value or "", one) for one in tiers)),
        ),
    )


def _offers(facts: Facts) -> Section:
    found = facts.ripe.of("conversion_rate", "offer")
    by_tier = facts.ripe.of("conversion_rate", "tier")
    by_strength = facts.ripe.of("conversion_rate", "strength")
    every = facts.ripe.one("conversion_rate")
    return Section(
        "Which offers lead to a sale",
        (_ripe(facts),),
        _intervals([("all", every), *((one.value or "", one) for one in found)]),
        (
            Table(
                "By offer",
                RATE_COLUMNS,
                tuple(
                    _row(name, one)
                    for name, one in [("all", every), *((one.value or "", one) for one in found)]
                ),
            ),
            _table("By tier", by_tier),
            _table("By strength", by_strength),
        ),
    )


def _wordings(facts: Facts) -> Section:
    """Those that are shown most, the best first: a rate of three says nothing."""
    found = facts.ripe.of("conversion_rate", "template")
    most = sorted(found, key=lambda one: -one.n)[:MOST_WORDINGS]
    ranked = sorted(most, key=lambda one: (-(one.number or 0.0), one.value or ""))
    bad = {one.value: one for one in facts.ripe.of("bad_reactions", "template")}
    rows = tuple((*_row(one.value or "", one)[:4], _bad(bad.get(one.value))) for one in ranked)
    enough = [one for one in ranked if one.n >= ENOUGH]
    return Section(
        "Which wordings lead to a sale",
        (
            (
                f"The {len(ranked)} that were shown most of {len(found)}. With fewer than {ENOUGH} "
                "mentions a rate says little: a test (below) is what decides."
            ),
        ),
        _intervals([(one.value or "", one) for one in enough]) if len(enough) > 1 else None,
        (Table("By wording", ("", "#rate", "#95 %", "#of", "#bad reactions"), rows),),
    )


def _questions(facts: Facts) -> Section:
    def counted(dimension: str, title: str) -> Table:
        found = sorted((one for one in facts.now.of("mentions", dimension)), key=lambda one: -one.n)
        rates = {one.value: one for one in facts.ripe.of("conversion_rate", dimension)}
        rows = tuple(
            (one.value or "(none)", f"{one.n:,}", *_rate_of(rates.get(one.value))) for one in found
        )
        return Table(title, ("", "#mentions", "#led to a sale", "#95 %", "#of"), rows)

    held = facts.now.of("held_back", "suppressed")
    return Section(
        "What people ask when an offer fits",
        (f"Mentions are of the period. {_ripe(facts)}",),
        None,
        (
            counted("reason", "By reason"),
            counted("topic", "By topic"),
            Table(
                "Needs that were held back",
                ("cause", "#questions"),
                tuple((one.value or "", f"{one.n:,}") for one in held),
            ),
        ),
    )


def _soon(facts: Facts) -> Section:
    waited = facts.ripe.time_to_sale
    points = [(one.day, one.share, one.low, one.high) for one in waited.curve]
    rows = tuple(
        (
            str(one.day),
            f"{one.at_risk:,}",
            str(one.sold),
            percent(one.share),
            _span(one.low, one.high),
        )
        for one in waited.curve
    )
    return Section(
        "How soon a mention leads to a sale",
        tuple(sold_in(waited)),
        charts.curve(points, title="days after the mention") if len(points) > 1 else None,
        (
            Table(
                "Sold by the end of a day",
                ("#day", "#still open", "#sold", "#by then", "#95 %"),
                rows,
            ),
        ),
    )


_KINDS = {
    "attributed": "credited to a mention of the offer",
    "cross_sale": "another offer was mentioned",
    "organic": "nothing was mentioned",
    "by_hand": "marked as sold by an admin",
    "unmatched": "nobody knows whose: see the dashboard",
    "ambiguous": "may be of several users: see the dashboard",
}


def _money(facts: Facts) -> Section:
    now = facts.now
    rows = tuple(_purchases(now, one) for one in now.of("revenue", "kind"))
    lines = [
        (
            f"It cost {figure(now.one('cost').number, 'usd')}, of which LLM opinions "
            f"{figure(now.one('llm_cost_per_1000_questions').number, 'usd')} per 1,000 questions."
        )
    ]
    roi = [one for one in now.items if one.name == "roi" and one.number is not None]
    lines += [f"Attributed revenue is {figure(roi[0].number, 'times')} that."] if roi else []
    lines += [
        "Credited is not caused: what mentions really add is what the holdout says (see the tests)."
    ]
    columns = ("", "#purchases", "#revenue", "#average")
    table = Table("Purchases begun in the period", columns, rows)
    return Section("What it earned", tuple(lines), None, (table,))


def _purchases(now: Measures, one: Measure) -> tuple[str, ...]:
    kind, _, _currency = (one.value or "").partition(", ")
    average = now.one("average_value", one.value)
    return (
        _KINDS.get(kind, kind),
        f"{one.n:,}",
        figure(one.number, one.unit),
        figure(average.number, average.unit),
    )


def _welcome(facts: Facts) -> Section:
    names = ("called_helpful", "bad_reactions", "judged_right", "offer_judged_right")
    told = [(TITLES[name], facts.now.one(name)) for name in names]
    title = TITLES["bad_reactions"]
    told += [
        (f"{title}, {one.value}: by feedback alone", one)
        for one in facts.now.of("bad_reactions", "users")
    ]
    said = tuple(_row(title, one)[:4] for title, one in told)
    came, kept = [], []
    for one in facts.ripe.items:
        if one.dimension == "arm":
            arm = {"shown": "with a mention", "holdout": "with none, for comparison"}
            came.append(_row(f"{TITLES[one.name]}, {arm.get(one.value or '', 'everybody')}", one))
        if one.name.endswith("because_of_a_mention") and one.number is not None:
            kept.append((TITLES[one.name], one))
    return Section(
        "How people take it",
        tuple(f"{title}: {figure(one.number, one.unit)}, {one.stands}." for title, one in kept),
        None,
        (
            Table("In the period", ("", "#share", "#95 %", "#of"), said),
            Table(
                "Do they come back", ("", "#share", "#95 %", "#of"), tuple(row[:4] for row in came)
            ),
        ),
    )


def _tiers(facts: Facts) -> Section:
    rows = tuple(
        (
            one.tier,
            percent(one.own),
            f"{one.own_n:,}",
            percent(one.common),
            f"{one.common_n:,}",
            f"{one.chance:.0%}".replace("%", " %"),
        )
        for one in facts.tiers
    )
    columns = ("tier", "#own wording", "#of", "#wording for all", "#of", "#better")
    return Section(
        "Does wording made for a tier pay",
        (
            (
                "Same offer, strength and tier: wording made for the tier beside wording made for "
                "all. Small cells are drawn towards the mean of their offer. "
                f"{_drawn(facts)} `better` is no ground to decide on: what is sure a test of the "
                "kind `tier` says."
            ),
        ),
        None,
        (Table("By tier", columns, rows),),
    )


def _drawn(facts: Facts) -> str:
    """Whether chance decided who heard which, by tier."""
    since, until = facts.ripe.matured_since, facts.ripe.period.until
    others = [
        one.tier for one in facts.tiers if not is_drawn(facts.playbook, one.tier, since, until)
    ]
    if not others:
        return "Chance decided who heard which, so the comparison is fair."
    return (
        f"Chance did not decide who heard which ({', '.join(others)}): start a test of the kind "
        "`tier`, as tier-wordings is."
    )


def _tests(facts: Facts) -> Section:
    rows = tuple(
        (one.name, one.state.value, f"{sum(arm.users for arm in one.arms):,}", one.words)
        for one in facts.verdicts
    )
    return Section(
        "Tests",
        tuple(_asks(facts.verdicts)),
        None,
        (Table("Tests of the playbook", ("test", "state", "#users", "verdict"), rows),),
    )


def _asks(verdicts: Sequence[Verdict]) -> Iterator[str]:
    for one in verdicts:
        for arm in one.comparisons:
            yield (
                f"{one.name}: {arm.arm} against {arm.control} {100 * arm.difference:+.1f} points "
                f"(always valid: {100 * arm.interval.low:+.1f} to {100 * arm.interval.high:+.1f})."
            )


def _table(title: str, found: Iterable[Measure]) -> Table:
    return Table(title, RATE_COLUMNS, tuple(_row(one.value or "(none)", one) for one in found))


def _row(name: str, one: Measure) -> tuple[str, ...]:
    stands = (one.stands or "").partition(":")[0]
    return (name, figure(one.number, one.unit), interval(one), f"{one.n:,}", target(one), stands)


def _rate_of(one: Measure | None) -> tuple[str, str, str]:
    if one is None:
        return ("-", "", "0")
    return (figure(one.number, one.unit), interval(one), f"{one.n:,}")


def _bad(one: Measure | None) -> str:
    return figure(one.number, one.unit) if one is not None else "-"


def _span(low: float, high: float) -> str:
    return f"{100 * low:.1f} to {100 * high:.1f}"


def _intervals(rows: Sequence[tuple[str, Measure]]) -> charts.Spec | None:
    known = [
        (name, one.number, one.low or 0.0, one.high or 1.0)
        for name, one in rows
        if one.number is not None
    ]
    band = (CONVERSION_TARGET.low, CONVERSION_TARGET.high)
    return charts.intervals(known, band=band) if known else None


def _ripe(facts: Facts) -> str:
    since, until = facts.ripe.matured_since, facts.ripe.matured_until
    if since >= until:
        return "No mention is old enough whose rows are still there. The band is the target."
    return (
        f"Of mentions from {since:%-d %B} to before {until:%-d %B}: the latest whose "
        "time to buy is over. The band is the target."
    )
