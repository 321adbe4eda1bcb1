"""What is known of each person while a log is replayed: history in memory, as a store keeps it."""

from collections import defaultdict, deque
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from tay_middleware.decide.kept_gates import ends_noes, kept_closed, said_noes, staying_closed
from tay_middleware.decide.ownership import told_of
from tay_middleware.domain import (
    ClosedGate,
    Decision,
    History,
    Kind,
    PastTurn,
    Suppression,
    Turn,
)
from tay_middleware.playbook import Playbook
from tay_middleware.storage.sql import past_turn


@dataclass(slots=True)
class _Person:
    """One person so far; see `History`."""

    turns: deque[PastTurn]
    mentions: list[datetime] = field(default_factory=list)
    first_seen: datetime | None = None
    last_seen: datetime | None = None
    declined_at: datetime | None = None
    declined_session: str | None = None
    opted_out_at: datetime | None = None
    closed: dict[str, ClosedGate] = field(default_factory=dict)


class Past:
    """Everybody's history under one playbook; grows with every decision that is noted.

    Args:
        playbook: whose gates say what is a no and what a stop.
        turns: how many turns back history reaches.
    """

    def __init__(self, playbook: Playbook, turns: int) -> None:
        self._gates = playbook.gates
        self._people: dict[str, _Person] = defaultdict(lambda: _Person(deque(maxlen=turns)))

    def of(self, turn: Turn) -> History:
        """What is known when a turn is asked."""
        if turn.user_key is None:
            return History()
        person = self._people[turn.user_key]
        return History(
            first_seen=person.first_seen,
            last_seen=person.last_seen,
            turns=tuple(person.turns),
            mentions=tuple(person.mentions),
            declined_at=person.declined_at,
            declined_session=person.declined_session,
            opted_out_at=person.opted_out_at,
            closed=tuple(person.closed.values()),
        )

    def note(self, turn: Turn, decision: Decision, *, failed: bool = False) -> None:
        """Keep what was decided, and whether the model had raised."""
        if turn.user_key is None:
            return
        past = PastTurn(
            turn_id=turn.turn_id,
            at=turn.asked_at,
            session_id=turn.session_id,
            topic=decision.detection.topic,
            kind=decision.kind,
            offer=decision.offer,
            reason=decision.reason,
            gates=decision.detection.gates,
            template=decision.template,
            failed=failed,
        )
        noes = said_noes(decision.detection, self._gates)
        self._keep(turn.user_key, past, kept_closed(turn, decision.detection, self._gates), noes)
        if ends_noes(decision.detection, self._gates):
            person = self._people[turn.user_key]
            person.declined_at = person.declined_session = person.opted_out_at = None

    def remember(self, rows: Iterable[Any]) -> None:
        """Begin with what the log holds: rows of `storage.reading.replays.remembered`."""
        for row in rows:
            past = past_turn(row, orjson.loads(row.gates))
            noes = self._gates.causes(past.gates)
            self._keep(row.user_key, past, self._as_logged(past), noes)

    def stop(self, user_key: str, at: datetime) -> None:
        """Somebody said stop otherwise than by a message."""
        self._people[user_key].opted_out_at = at

    def _as_logged(self, past: PastTurn) -> tuple[ClosedGate, ...]:
        """What a logged turn closed; the log has no phrases, so each counts as one's."""
        told = tuple(ClosedGate(name, past.at) for name in told_of(past.gates))
        closed = (
            ClosedGate(name, past.at, None if gate.sticky_everywhere else past.session_id)
            for name, gate in staying_closed(past.gates, self._gates)
        )
        return (*told, *closed)

    def _keep(
        self, user_key: str, past: PastTurn, closed: Iterable[ClosedGate], noes: Collection[str]
    ) -> None:
        person = self._people[user_key]
        person.turns.append(past)
        person.first_seen = person.first_seen or past.at
        person.last_seen = past.at
        if past.kind is Kind.MENTION:
            person.mentions.append(past.at)
        person.closed.update((one.gate, one) for one in closed)
        if Suppression.DECLINED in noes:
            person.declined_at, person.declined_session = past.at, past.session_id
        if Suppression.OPTED_OUT in noes:
            person.opted_out_at = past.at
