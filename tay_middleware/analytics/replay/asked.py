"""A logged question, made into the turn that it was, with what else decided it.

Words are as the log keeps them, redacted or whole. What the app said beside them (signals, what the
user owns) and the reply are not in the log; what they led to is, and is held fast: a question that
was held back because the user owned the offer goes on being asked by its owner.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import orjson

from tay_middleware.decide import Circumstances, ReplyFacts
from tay_middleware.decide.cascade import EARLIER_MESSAGES
from tay_middleware.decide.opinion import Opinion, opinion_of
from tay_middleware.decide.replies import Obstacle
from tay_middleware.domain import (
    Kind,
    Message,
    Mode,
    Reason,
    ReplyStatus,
    Stage,
    Suppression,
    Tier,
    Turn,
)


@dataclass(frozen=True, slots=True)
class Opined:
    """What a language model had said: an offer or none, and why."""

    offer: str | None
    reason: Reason | None


@dataclass(frozen=True, slots=True)
class Told:
    """A decision as users notice it, as it was logged."""

    kind: str
    offer: str | None
    strength: str | None
    template: str | None


@dataclass(frozen=True, slots=True)
class Asked:
    """One question to be decided again.

    `encoder` is what the encoder had said of it, `opined` what a language model had; `None` where
    they were not asked. `logged` is what came of it then, under `version` of the playbook.
    """

    turn: Turn
    around: Circumstances
    encoder: Opinion | None
    opined: Opined | None
    logged: Told
    decided_by: str | None


@dataclass(frozen=True, slots=True)
class Pause:
    """A name that was paused for some time beside the playbook."""

    name: str
    since: datetime
    until: datetime | None


class Questions:
    """Makes questions of rows, in their order; what sessions said before comes with each.

    Args:
        pauses: what was paused when.
        transcripts: whether earlier questions of the session come along, as apps pass them.
    """

    def __init__(self, pauses: Sequence[Pause], *, transcripts: bool) -> None:
        self._pauses = pauses
        self._transcripts = transcripts
        self._owned: dict[str, frozenset[str]] = defaultdict(frozenset)
        self._said: dict[tuple[str, str | None], deque[Message]] = defaultdict(
            lambda: deque(maxlen=EARLIER_MESSAGES)
        )

    def of(self, rows: Iterable[Any]) -> Iterator[Asked]:
        """Questions of rows of `storage.reading.replays.asked_whole`, unless `unfit` objects."""
        for row in rows:
            yield self._asked(row)

    def _asked(self, row: Any) -> Asked:
        scores: Mapping[str, float] = orjson.loads(row.scores)
        cause = row.suppressed
        who = row.user_key or str(row.id)
        if cause == Suppression.OWNS_OFFER.value and row.offer:
            self._owned[who] |= {row.offer}
        turn = Turn(
            turn_id=row.turn_id,
            question=row.question,
            asked_at=row.created_at,
            user_id=row.user_id,
            user_key=row.user_key,
            session_id=row.session_id,
            tier=Tier(row.tier),
            owned_offers=self._owned[who],
        )
        if self._transcripts:
            said = self._said[who, row.session_id]
            turn = replace(turn, transcript=tuple(said))
            said.append(Message("user", row.question))
        return Asked(
            turn=turn,
            around=self._around(row),
            encoder=_encoder(scores),
            opined=_opined(row),
            logged=Told(row.kind, row.offer, row.strength, row.template),
            decided_by=None if cause == Suppression.MODE.value else row.playbook_version,
        )

    def _around(self, row: Any) -> Circumstances:
        cause = row.suppressed
        failed = row.status != ReplyStatus.REPLIED.value
        obstacle = Obstacle(row.status) if failed else None
        if cause == Suppression.UNWEAVABLE.value:
            obstacle = obstacle or Obstacle.NO_PLACE
        named = cause == Suppression.ALREADY_MENTIONED.value and row.offer
        return Circumstances(
            reply=ReplyFacts(
                obstacle=obstacle,
                names=frozenset({row.offer}) if named else frozenset(),
                in_language=cause != Suppression.LANGUAGE.value,
                gates=tuple(orjson.loads(row.gates)),
            ),
            mode=Mode.ON,
            history_known=cause != Suppression.DEGRADED.value,
            paused=self._paused(row.created_at),
        )

    def _paused(self, at: datetime) -> frozenset[str]:
        return frozenset(
            pause.name
            for pause in self._pauses
            if pause.since <= at and (pause.until is None or at < pause.until)
        )


def unfit(row: Any) -> str | None:
    """Why a row cannot be decided again, `None` where it can."""
    if row.question is None:
        return "their words were not kept, or were erased"
    if row.suppressed == Suppression.NOT_ALLOWED.value:
        return "held back for what the app said of the user, which is not in the log"
    return None


def _encoder(scores: Mapping[str, float]) -> Opinion | None:
    """What the encoder had said, as far as it was told."""
    told = {
        name.removeprefix("encoder."): chance
        for name, chance in scores.items()
        if name.startswith("encoder.")
    }
    return opinion_of(told) if told else None


def _opined(row: Any) -> Opined | None:
    if row.stage != Stage.LLM.value:
        return None
    return Opined(row.offer if row.detected else None, Reason(row.reason) if row.reason else None)


ANSWERS = frozenset({Kind.ACKNOWLEDGEMENT, Kind.EXPLANATION})
"""Sentences about ourselves; no mention of an offer."""
