"""Everything real that a simulation plays on: engine, server and databases, on one clock."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from tay_middleware.analytics.experiments.guard import guard
from tay_middleware.decide.cascade import Cascade, Judgement
from tay_middleware.decide.stages import make_cascade
from tay_middleware.domain import Message, Turn, uuid7
from tay_middleware.engine import Escalator, Outcome, Reply
from tay_middleware.simulate.place import PATIENCE_SECONDS, Place, history_url
from tay_middleware.simulate.site import Site
from tay_middleware.storage import Database, TurnStore, open_store, upgrade
from tay_middleware.storage.desk.pauses import paused_names
from tay_middleware.storage.mirrored import MirroredStore
from tay_middleware.storage.simulations import escalation_of, judge
from tay_middleware.storage.versions import check_current

WRITE_SECONDS = 60.0
"""Longest wait for what was decided to be written."""


@dataclass
class Clock:
    """The simulation's own time; it moves only when it is moved."""

    now: datetime

    def __call__(self) -> datetime:
        """The time it is."""
        return self.now


@dataclass
class Remembering:
    """Judges by the cascade, and remembers: people of a bank ask the same again and again."""

    cascade: Cascade
    known: dict[tuple[str, Sequence[Message]], Judgement] = field(default_factory=dict)

    def begin(self, turn: Turn) -> Judgement:
        """See `TurnJudge`; settled at once, the encoder's opinion included."""
        key = (turn.question, turn.transcript)
        if key not in self.known:
            best = self.cascade.detect(turn.question, turn.transcript, turn.signals)
            self.known[key] = Judgement(best, self.cascade.earlier_gates(turn.transcript))
        return self.known[key]


class Stage:
    """Opened by `open`, left by `aclose`."""

    def __init__(self, place: Place, seed: int, begins_at: datetime) -> None:
        """Make an unopened one."""
        settings, self.playbook = place.settings, place.playbook
        self.clock = Clock(begins_at)
        self._settings = settings
        self._bits = Random(f"{seed}:ids")  # noqa: S311 - ids that nobody guesses at
        self.database = Database(settings.resolved_database_url)
        beside = history_url(settings)
        self._history = Database(beside) if beside else self.database
        self._mirror: MirroredStore | None = None
        if beside is not None:
            file = open_store(beside, history_turns=settings.history_turns)
            self._mirror = MirroredStore(file)
        self._site: Site | None = None
        self._engine: Escalator | None = None

    @property
    def site(self) -> Site:
        """The server; only after `open`."""
        assert self._site is not None  # noqa: S101 - a mistake of ours
        return self._site

    async def migrate(self) -> None:
        """Bring a file to the schema of this version; a server must be there already.

        Raises:
            SchemaMismatch: it needs `tay db upgrade`.
        """
        if self.database.is_file:
            await asyncio.to_thread(upgrade, self.database.url)
        await self.database.read(check_current)

    async def open(self, lifetime: timedelta) -> None:
        """Start engine and server."""
        cascade = make_cascade(self.playbook, self._settings)
        self._engine = Escalator(
            self.playbook,
            self._store,
            self._settings,
            clock=self.clock,
            random_bits=self._bits.getrandbits,
            judge=Remembering(cascade),
        )
        self._site = Site(
            self._settings,
            self.playbook,
            self.database,
            self._history,
            clock=self.clock,
            random=Random(self._bits.getrandbits(64)),  # noqa: S311 - as above
        )
        await self._site.open(lifetime)

    async def aclose(self) -> None:
        """Write what is unwritten, and let go of everything."""
        if self._engine is not None:
            await self.settled()
            self._engine.close()
        if self._site is not None:
            await self._site.aclose()
        for database in {self.database, self._history}:
            await database.aclose()

    def say(
        self,
        question: str,
        reply: str,
        *,
        user_id: str,
        session_id: str,
        tier: str,
        owns: frozenset[str],
        transcript: Sequence[Message],
    ) -> tuple[UUID, Outcome]:
        """One turn through the engine; its id, and what came of it."""
        engine = self._running()
        turn = engine.turn(
            question=question,
            transcript=transcript,
            user_id=user_id,
            session_id=session_id,
            tier=tier,
            owned_offers=owns,
            turn_id=uuid7(self.clock.now, self._bits.getrandbits(74)),
            simulated=True,
        )
        return turn.turn_id, engine.begin(turn).settle(Reply(reply))

    async def settled(self) -> None:
        """Wait until everything that was decided stands in the log."""
        self._running().flush(WRITE_SECONDS)
        if self._mirror is not None:
            await self._mirror.written(self.database, self.clock.now)

    async def mention(self, turn_id: UUID) -> UUID | None:
        """The id of a turn's mention in the log."""
        await self.settled()
        return await self.database.read(escalation_of, turn_id)

    async def judged(self, deserved: Sequence[tuple[UUID, str | None]]) -> None:
        """Let a person say of turns which offer each deserved, `None` where none did."""
        await self.settled()
        await self.database.write(judge, deserved, self.clock.now)

    async def watch(self) -> tuple[str, ...]:
        """Let the guard look at reactions, as `tay serve` does; the names that it paused."""
        await self.settled()
        found = await guard(
            self.database,
            self.playbook,
            self._settings,
            now=self.clock.now,
            new_id=self.site.new_id,
        )
        new = tuple(one.name for one in found if one.is_new)
        if new:
            if self._mirror is not None:
                self._mirror.paused_names = await self.database.read(paused_names, self.clock.now)
            self._running().read_pauses(PATIENCE_SECONDS)
        return new

    def _running(self) -> Escalator:
        assert self._engine is not None  # noqa: S101 - a mistake of ours
        return self._engine

    def _store(self) -> TurnStore:
        if self._mirror is not None:
            return self._mirror
        settings = self._settings
        return open_store(settings.resolved_database_url, history_turns=settings.history_turns)
