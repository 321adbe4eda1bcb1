"""Makes a review, or takes the one that was given out."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tay_middleware.analytics.calendar import after, day_of, named
from tay_middleware.analytics.catalogue import Measure, Terms
from tay_middleware.analytics.measures import measure
from tay_middleware.analytics.review.diffs import Prompts
from tay_middleware.analytics.review.document import (
    Action,
    Forecast,
    Review,
    Score,
    from_json,
    to_json,
)
from tay_middleware.analytics.review.facts import Facts, Step, gather
from tay_middleware.analytics.review.forecasts import FORETOLD, Earlier, foretell, scored
from tay_middleware.analytics.review.plan import plan
from tay_middleware.analytics.review.sections import sections
from tay_middleware.analytics.review.sentences import claims, happened
from tay_middleware.errors import InputError
from tay_middleware.playbook import Playbook
from tay_middleware.storage import Database
from tay_middleware.storage.reading import reviews as sql

MOST_SCORES = 8


async def review(
    database: Database,
    playbook: Playbook | None,
    terms: Terms,
    name: str,
    *,
    now: datetime,
    as_of: datetime | None = None,
    anew: bool = False,
    prompts: Path | None = None,
    step: Step = lambda _done, _all: None,
) -> Review:
    """The review of a week, month or quarter.

    One that was given out is given out again, word for word, unless `anew` or another `as_of` is
    asked for; what it foretold stands in one made anew too. Of a period that is not over it is
    made, and not kept; nor is it without a playbook, which lacks too much to be the one.

    Args:
        database: where the log is.
        playbook: its tests and offers; without one nothing is said of tests, and little to do.
        terms: what figures hang on.
        name: `2026-W47`, `2026-11` or `2026-Q4`.
        now: the moment; a new review is as of this morning.
        as_of: what was known then, instead.
        anew: make it again, from what is known now; it takes the place of one of the same moment.
        prompts: the directory that the plan writes diffs of; `None` leaves them out.
        step: told how many days' sheets are made, of how many.

    Raises:
        InputError: there is no such period, or it has not begun.
        StorageError: the database does not answer.
        ConfigurationError: the extra `analytics` is not installed.
    """
    period = named(name)
    moment = day_of(as_of if as_of is not None else now)
    if moment > now:
        raise InputError(f"{moment:%Y-%m-%d} has not come yet")
    if period.since >= moment:
        raise InputError(f"{name} has not begun, or its first day is not over")
    kept = await database.read(sql.kept, name, moment if anew else as_of and moment)
    if kept is not None and not anew:
        return from_json(kept)
    facts = await gather(database, playbook, terms, name, period, now=moment, step=step)
    scores = await _scores(database, terms, moment)
    actions = await asyncio.to_thread(plan, facts, Prompts(prompts), moment.date())
    # As of before is not made before: what was known of the coming period since may be in it.
    forecasts = _ahead(_forecasts(facts), day_of(now))
    if kept is not None:
        forecasts = _ahead(from_json(kept).forecasts, moment)
    found = _compose(facts, moment, actions, scores, forecasts)
    if period.until <= moment and playbook is not None:
        await database.write(sql.keep, name, moment, now, to_json(found), anew=anew)
        return from_json(await database.read(sql.kept, name, moment))
    return found


def _compose(
    facts: Facts,
    as_of: datetime,
    actions: tuple[Action, ...],
    scores: tuple[Score, ...],
    forecasts: tuple[Forecast, ...],
) -> Review:
    said = list(claims(facts))
    return Review(
        name=facts.name,
        since=facts.now.period.since.date(),
        until=facts.now.period.until.date(),
        as_of=as_of,
        ripe_since=facts.ripe.matured_since.date(),
        ripe_until=facts.ripe.matured_until.date(),
        simulated=facts.now.simulated or facts.ripe.simulated,
        playbook_version="" if facts.playbook is None else facts.playbook.version,
        happened=tuple(happened(facts)),
        sure=tuple(one.words for one in said if one.is_sure),
        unsure=tuple(one.words for one in said if not one.is_sure),
        actions=actions,
        sections=tuple(sections(facts)),
        forecasts=forecasts,
        scores=scores,
    )


def _forecasts(facts: Facts) -> Iterator[Forecast]:
    coming = after(facts.name)
    questions, mentions = facts.now.one("questions").n, facts.now.one("mentions").n
    for one, n in (
        (facts.now.one("escalation_rate"), questions),
        (facts.ripe.one("conversion_rate"), mentions),
    ):
        found = foretell(one, coming, n)
        if found is not None:
            yield found


def _ahead(forecasts: Iterable[Forecast], morning: datetime) -> tuple[Forecast, ...]:
    """Those of periods that had not begun before a morning: of others the outcome is known."""
    return tuple(one for one in forecasts if named(one.period).since >= morning)


async def _scores(database: Database, terms: Terms, moment: datetime) -> tuple[Score, ...]:
    """How the forecasts of earlier reviews did, the newest first."""
    rows = await database.read(sql.every, moment)
    earlier = _earlier(rows, moment)[:MOST_SCORES]
    known = [(one, await _actual(database, terms, one.forecast, moment)) for one in earlier]
    return scored(known)


def _earlier(rows: Sequence[Any], moment: datetime) -> list[Earlier]:
    """The first forecast of each measure and period that is over, of the latest periods first.

    Args:
        rows: kept reviews, the newest first.
        moment: when they are scored.
    """
    found: dict[tuple[str, str], Earlier] = {}
    for row in rows:
        for one in _ahead(from_json(row.content).forecasts, row.as_of):
            if named(one.period).until <= moment:
                found[one.measure, one.period] = Earlier(one, row.as_of)
    return sorted(found.values(), key=lambda one: named(one.forecast.period).until, reverse=True)


async def _actual(
    database: Database, terms: Terms, forecast: Forecast, moment: datetime
) -> Measure | None:
    period = named(forecast.period)
    waits = timedelta(days=terms.attribution_days) * (forecast.measure == FORETOLD[1])
    if period.until + waits > moment:
        return None
    found = await measure(database, period, terms, now=moment)
    return found.one(forecast.measure)
