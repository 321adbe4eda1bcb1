"""What a store must do; these docstrings are the contract, and the contract suite runs them.

A turn costs two calls. `recall` reads and starts when the question arrives, so it overlaps the
model. `commit` is one atomic step: claim of the cool-down, history, and the logged decision. Every
method raises `StorageError` and nothing else; none of them fails open, that is the engine's work.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol
from uuid import UUID

from tay_middleware.domain import (
    ClosedGate,
    Decision,
    History,
    Kind,
    ReplyStatus,
    Suppression,
    Turn,
)


@dataclass(frozen=True, slots=True)
class Cap:
    """At most `most` mentions to one user in any window of `seconds`."""

    seconds: float
    most: int


@dataclass(frozen=True, slots=True)
class Claim:
    """What must hold, at the moment of the commit, for a mention to be granted.

    At least `session_turns` turns of the same session have passed since its last mention (see
    `spacing.turns_passed`: turns at the same time do not count), or a pause of
    `visit_pause_seconds` (see `visits`); and fewer than `most` mentions were made in each window of
    `caps`, over all sessions of the user.
    """

    session_turns: int
    caps: tuple[Cap, ...]
    visit_pause_seconds: float = 12 * 3600.0


@dataclass(frozen=True, slots=True)
class TurnRecord:
    """One turn as it goes into history and log.

    `id` is a UUIDv7 and the id of its rows, a new one whenever the turn is answered again;
    `turn.turn_id` is what makes a commit idempotent.
    `question` is the text to keep (redacted already, or `None`). `claim` is `None` when the
    decision shows no mention, or when policy lifts the cool-down (a wish to buy). `answered_at` is
    when the reply was complete. `closed` are the gates that this message closed for longer than the
    turn: the profile keeps the last of each, because history reaches only so many turns back.
    """

    id: UUID
    turn: Turn
    question: str | None
    decision: Decision
    status: ReplyStatus
    answered_at: datetime
    claim: Claim | None = None
    declines: bool = False
    opts_out: bool = False
    opts_in: bool = False
    closed: tuple[ClosedGate, ...] = ()

    def denied(self, cause: Suppression) -> "TurnRecord":
        """The same turn with its mention held back by `cause`."""
        decision = replace(self.decision, kind=Kind.NONE, suppressed=cause, addition=None, arm=None)
        return replace(self, decision=decision, claim=None)

    def anonymous(self) -> "TurnRecord":
        """The same turn without what leads to a person; what was decided stays."""
        turn = replace(self.turn, user_id=None, user_key=None, session_id=None, session_key=None)
        return replace(self, turn=turn, question=None)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a commit came to.

    `granted` is whether the record's addition may be woven. `duplicate` means that this turn was
    committed before and the earlier outcome stands: then `granted` and `addition` are those of the
    earlier commit, so that a retried turn gets the same words and no second row.
    """

    granted: bool
    duplicate: bool = False
    addition: str | None = None


class TurnStore(Protocol):
    """History, cool-down and decision log of all users."""

    async def open(self) -> None:
        """Connect and check the schema; the embedded store migrates itself. Idempotent."""

    async def recall(self, user_key: str, now: datetime) -> History:
        """Everything known of `user_key`; an empty `History` for a stranger. Read-only."""

    async def commit(self, record: TurnRecord) -> Verdict:
        """Write one turn, claim included, atomically.

        Of any number of commits that claim at once for one user, on any number of processes,
        exactly as many are granted as the claim allows. A denied record is written with
        `suppressed` = `cooldown` and no addition. The same `turn_id` again changes nothing and
        repeats the first verdict, with one exception: a turn logged as `failed` or `abandoned` is
        replaced by the same turn `replied` (a retry that worked). A record whose turn has no
        `user_key` claims nothing and is granted as it stands.
        """

    async def retract(self, record: TurnRecord) -> None:
        """Take back what the commit of `record` was granted and nobody wove.

        The mention becomes `suppressed` = `degraded`, its claim is released and its escalation row
        removed: it was not seen by anyone. A turn may be committed more than once: what a commit
        before this one was granted may have been seen and stays, and so does what another one was
        told as a duplicate, until that one is taken back as well. Of one that is unknown nothing is
        changed, and its mention is held back should its commit arrive after this.
        """

    async def latest(self, limit: int) -> Sequence["LoggedTurn"]:
        """The newest `limit` logged turns, newest first (for the demo, health and debugging)."""

    async def paused(self, now: datetime, /) -> frozenset[str]:
        """The offers and wordings (by id) that are paused beside the playbook. Read-only."""

    async def aclose(self) -> None:
        """Give back every connection. Idempotent."""


@dataclass(frozen=True, slots=True)
class LoggedTurn:
    """One row of `question_logs` as it is read back; names and units as in `TurnRecord`."""

    id: UUID
    turn_id: UUID
    user_id: str | None
    session_id: str | None
    tier: str
    question: str | None
    created_at: datetime
    detected: bool
    shown: bool
    suppressed: str | None
    kind: str
    offer: str | None
    reason: str | None
    strength: str | None
    template: str | None
    stage: str
    gates: tuple[str, ...]
    playbook_version: str
