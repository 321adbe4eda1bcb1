"""Everything that a review is made of, read once."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from tay_middleware.analytics import tuning
from tay_middleware.analytics.calendar import before, day_of, named
from tay_middleware.analytics.catalogue import Terms
from tay_middleware.analytics.experiments import Verdict, examine
from tay_middleware.analytics.experiments.guard import ACTOR
from tay_middleware.analytics.held_out import measured_with_all_shown
from tay_middleware.analytics.measures import Measures, measure
from tay_middleware.analytics.metrics import ESCALATION_TARGET, Period
from tay_middleware.analytics.review.tiers import Paid, cells, worth_of_tiers
from tay_middleware.analytics.tuning import Proposal
from tay_middleware.playbook import Playbook
from tay_middleware.storage import Database
from tay_middleware.storage.desk.pauses import history
from tay_middleware.storage.reading import trends
from tay_middleware.storage.reading.trends import Narrowed
from tay_middleware.storage.transaction import Transaction

RIPE_DAYS = 28
"""Mentions of so many days, at least, make the conversion rates of a review."""

RECENT = timedelta(days=14)
"""A period that ended longer ago says nothing about the threshold of today."""

MOST_REPLAYED = 200_000
"""Questions that a review replays at most: memory is not endless."""

EARLIER = 8
"""Periods before it that a review draws."""


@dataclass(frozen=True, slots=True)
class Paused:
    """An offer or a wording that is paused beside the playbook; `by_itself`: by no person.

    `until` is when that ends by itself, `None` where somebody has to end it.
    """

    name: str
    reason: str
    by_itself: bool
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a period.

    `now` is the period, `past` those before it (the nearest first), `ripe` the latest days whose
    windows are closed, `ripe_before` as many before those. `tuning` is another threshold, where the
    escalation rate surely misses its target. Without a `playbook` there are neither verdicts
    nor that.
    """

    name: str
    now: Measures
    past: tuple[tuple[str, Measures], ...]
    ripe: Measures
    ripe_before: Measures
    verdicts: tuple[Verdict, ...]
    paused: tuple[Paused, ...]
    tiers: tuple[Paid, ...]
    playbook: Playbook | None
    tuning: Proposal | None = None

    @property
    def held_out(self) -> float:
        """The share of users to whom nothing is mentioned, as far as is known."""
        return 0.0 if self.playbook is None else self.playbook.policy.holdout.share


Step = Callable[[int, int], None]


async def gather(
    database: Database,
    playbook: Playbook | None,
    terms: Terms,
    name: str,
    period: Period,
    *,
    now: datetime,
    step: Step,
) -> Facts:
    """Read what there is of a period, as of a moment.

    Raises:
        StorageError: the database does not answer.
        ConfigurationError: the extra `analytics` is not installed.
    """

    async def measured(of: Period) -> Measures:
        return await measure(database, of, terms, now=now, step=step)

    found = await measured(period)
    past = await _past(name, measured)
    closed = found.as_of - timedelta(days=terms.attribution_days)
    ripe_until = day_of(min(period.until, closed))
    days = max(timedelta(days=RIPE_DAYS), period.until - period.since)
    ripe = await measured(Period(ripe_until - days, ripe_until))
    return Facts(
        name=name,
        now=found,
        past=past,
        ripe=ripe,
        ripe_before=await measured(Period(ripe_until - 2 * days, ripe_until - days)),
        verdicts=() if playbook is None else await examine(database, playbook, now=now),
        paused=tuple(await database.read(_paused, now)),
        tiers=await database.read(_tiers, ripe.matured_since, ripe.period.until),
        playbook=playbook,
        tuning=await tuned(database, playbook, terms, found, now=now),
    )


async def _past(
    name: str, measured: Callable[[Period], Awaitable[Measures]]
) -> tuple[tuple[str, Measures], ...]:
    """The periods just before one, the latest first, as far back as anything was asked."""
    past = []
    earlier = before(name)
    for _ in range(EARLIER):
        one = await measured(named(earlier))
        if not one.one("questions").number:
            break
        past.append((earlier, one))
        earlier = before(earlier)
    return tuple(past)


async def tuned(
    database: Database,
    playbook: Playbook | None,
    terms: Terms,
    found: Measures,
    *,
    now: datetime,
    most: int = MOST_REPLAYED,
) -> Proposal | None:
    """Another threshold, where the escalation rate surely misses its target.

    What the holdout keeps back is no fault of the threshold: the rate is that of all, were nobody
    held out, and the target of the replay, in which they are, is so much lower. Of the questions
    of the last `RIPE_DAYS`, the latest `most` at most.
    """
    if playbook is None:
        return None
    share = playbook.policy.holdout.share
    stands = measured_with_all_shown(found.one("escalation_rate"), share).stands or ""
    if not stands.startswith(("above", "below")) or now - found.period.until > RECENT:
        return None
    begins = await tuning.beginning(database, most, now)
    since = now - timedelta(days=RIPE_DAYS)
    since = max(since, begins or since)
    log = await tuning.gather(database, playbook, since=since, until=now, knob=None, versions=())
    middle = (ESCALATION_TARGET.low + ESCALATION_TARGET.high) / 2
    order = tuning.Order(target=middle * (1 - share), attribution_days=terms.attribution_days)
    return await asyncio.to_thread(tuning.tune, log, playbook, order)


def _paused(connection: Transaction, now: datetime) -> list[Paused]:
    return [
        Paused(row.name, row.reason, by_itself=row.paused_by == ACTOR, until=row.until)
        for row in history(connection, now)
        if row.paused_at <= now and (row.lifted_at is None or row.lifted_at > now)
    ]


def _tiers(connection: Transaction, since: datetime, until: datetime) -> tuple[Paid, ...]:
    every = Narrowed()
    sold: Counter[tuple[str, str, str]] = Counter()
    for one in trends.sold(connection, since, until, every):
        sold[one.offer, one.template, one.tier] += one.number
    rows = []
    for one in trends.shown(connection, since, until, every):
        strength = one.template.split(".")[1] if "." in one.template else ""
        hits = min(one.number, sold[one.offer, one.template, one.tier])
        rows.append((one.offer, strength, one.tier, one.template, one.number, hits))
    return worth_of_tiers(cells(rows))
