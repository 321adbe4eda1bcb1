"""Everything that a replay needs of the database, read once."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from tay_middleware.analytics.tuning.cases import GATES, Case, Knob, Reader
from tay_middleware.analytics.tuning.replay import HOUR_SECONDS, Passing
from tay_middleware.domain import Stage, Suppression
from tay_middleware.playbook import Playbook
from tay_middleware.storage import Database
from tay_middleware.storage.reading import replays as sql
from tay_middleware.storage.reading.reactions import bad_reactions
from tay_middleware.storage.simulations import is_simulated

Step = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Sale:
    """A purchase that counts: when it was begun (seconds since 1970), and its net (minor units)."""

    at: float
    net: int
    currency: str | None


@dataclass(frozen=True, slots=True)
class Deciding:
    """What one stage did in the period: questions that it decided, and needs that it found."""

    questions: int = 0
    needs: int = 0


@dataclass(frozen=True, slots=True)
class Log:
    """A stretch of the log, ready to be replayed; times of sales in seconds since 1970.

    `stages` holds what each threshold decided, and under `llm` and `gates` what none does.
    `others` are the questions of the period that other versions of the playbook decided. `passing`
    stands in for what the log does not say. `annoyed`, `credited`, `helpful` and `labels` go by a
    mention's id. `shadow`: every need was held back because mentions were switched off as such, and
    are replayed as if they were on. `simulated`: people who do not exist are among them.
    """

    since: datetime
    until: datetime
    knob: Knob
    cases: Sequence[Case] = field(repr=False)
    passing: Passing
    stages: Mapping[str, Deciding]
    others: Mapping[str, int] = field(default_factory=dict)
    sales: Mapping[str, Sequence[Sale]] = field(default_factory=dict, repr=False)
    annoyed: Collection[UUID] = field(default=frozenset(), repr=False)
    credited: Collection[UUID] = field(default=frozenset(), repr=False)
    helpful: Mapping[UUID, bool] = field(default_factory=dict, repr=False)
    labels: Mapping[UUID, bool] = field(default_factory=dict, repr=False)
    shadow: bool = False
    simulated: bool = False


async def gather(
    database: Database,
    playbook: Playbook,
    *,
    since: datetime,
    until: datetime,
    knob: Knob | None = None,
    versions: Collection[str] = (),
    step: Step = lambda _what: None,
) -> Log:
    """Read a stretch of the log.

    Args:
        database: where it is.
        playbook: the one in force; its questions alone are replayed, and those of `versions`.
        since: the first question's time.
        until: the end, left out.
        knob: the threshold to move; `None` is the one by which most needs were found.
        versions: other versions of the playbook whose scores mean the same.
        step: told what is being done.
    """
    wanted = {playbook.version, *versions}
    step("reading decisions")
    rows = await database.read(sql.scored, since - _longest_cap(playbook), until)
    own = [row for row in rows if row.created_at >= since and row.playbook_version in wanted]
    stages = _stages(own)
    knob = knob or _busiest(stages)
    step("reading scores")
    causes = {row.suppressed for row in own if row.detected}
    shadow = causes == {Suppression.MODE.value}
    cases = _cases(Reader(playbook, knob, shadow=shadow), rows, own, playbook.version)
    late = (row.playbook_version for row in rows if row.created_at >= since)
    step("reading sales and reactions")
    return Log(
        since=since,
        until=until,
        knob=knob,
        cases=cases,
        passing=Passing.of([case for case in cases if case.counts], _follow_ups(own, playbook)),
        stages=stages,
        others=Counter(version for version in late if version not in wanted),
        sales=_sales(await database.read(sql.bought, since, until)),
        annoyed=await _annoyed(database, playbook, own, since, until),
        credited=await database.read(sql.converted, since, until),
        helpful=await database.read(sql.judged, since, until),
        labels=await database.read(sql.labelled, since, until),
        shadow=shadow,
        simulated=await database.read(is_simulated, since, until),
    )


async def beginning(database: Database, last: int, until: datetime) -> datetime | None:
    """When the `last`-th newest question was asked; `None` where there are fewer."""
    return await database.read(sql.asked_at_nth_last, last, until)


def _longest_cap(playbook: Playbook) -> timedelta:
    """How far back a mention may still hold another one back."""
    return timedelta(hours=max((cap.hours for cap in playbook.policy.cooldown.caps), default=24))


def _cases(reader: Reader, rows: Sequence[Any], own: Sequence[Any], version: str) -> list[Case]:
    """The questions, of which those of `own` rows count."""
    counted = {id(row) for row in own}
    return [
        reader.case(row, counts=id(row) in counted, own_version=row.playbook_version == version)
        for row in rows
    ]


def _stages(rows: Sequence[Any]) -> Mapping[str, Deciding]:
    questions = Counter(row.decided_by for row in rows)
    needs = Counter(row.decided_by for row in rows if row.detected)
    order = [*(knob.value for knob in Knob), Stage.LLM.value, GATES]
    return {name: Deciding(questions[name], needs[name]) for name in order if questions[name]}


def _busiest(stages: Mapping[str, Deciding]) -> Knob:
    """The threshold by which most needs were found; the later stage where that says nothing."""
    none = Deciding()

    def found(knob: Knob) -> tuple[int, int]:
        stage = stages.get(knob.value, none)
        return stage.needs, stage.questions

    return max(reversed(Knob), key=found)


def _follow_ups(rows: Sequence[Any], playbook: Playbook) -> float:
    """The share of questions that only what was said before makes ours.

    Read where it decides: above the threshold and below `follow_up` nothing else says no.
    """
    cascade = playbook.policy.cascade
    rules = {Knob.SCORER.value: cascade.scorer, Knob.ENCODER.value: cascade.encoder}
    found: list[bool] = []
    for row in rows:
        rule = rules.get(row.decided_by)
        if rule and row.confidence and rule.threshold <= row.confidence < rule.follow_up:
            found.append(row.need)
    return found.count(False) / len(found) if found else 0.0


def _sales(rows: Sequence[Any]) -> Mapping[str, Sequence[Sale]]:
    sales: dict[str, list[Sale]] = {}
    for row in rows:
        sale = Sale(row.begun_at.timestamp(), row.net, row.currency)
        sales.setdefault(row.user_key, []).append(sale)
    return sales


async def _annoyed(
    database: Database, playbook: Playbook, rows: Sequence[Any], since: datetime, until: datetime
) -> frozenset[UUID]:
    rule = playbook.policy.auto_pause
    within = timedelta(seconds=rule.within_hours * HOUR_SECONDS)
    found = await database.read(
        bad_reactions, since, until, gates=frozenset(rule.reactions), within=within
    )
    bad = {(one.user_key, one.mentioned_at) for one in found}
    return frozenset(row.id for row in rows if row.shown and (row.user_key, row.created_at) in bad)
