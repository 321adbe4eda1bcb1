"""Escalator: recall → decide → weave → record, beside a reply that is never kept waiting for it."""

import logging
import os
import secrets
import threading
import weakref
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from multiprocessing import parent_process
from multiprocessing.util import Finalize
from typing import TYPE_CHECKING, Any, Self

from tay_middleware.domain import Message, Mode, Turn, uuid7
from tay_middleware.engine.alone import note_closed, note_made
from tay_middleware.engine.background import Background
from tay_middleware.engine.deciding import Deciding
from tay_middleware.engine.failopen import Faults, Guard
from tay_middleware.engine.forks import starts_afresh_in_children
from tay_middleware.engine.given import given_settings, only_whole
from tay_middleware.engine.identity import make_turn
from tay_middleware.engine.in_force import InForce, Start, in_force_of, start
from tay_middleware.engine.judging import TurnJudge
from tay_middleware.engine.pending import Pending
from tay_middleware.engine.preparation import Preparation, Prepared
from tay_middleware.engine.repeats import Repeats
from tay_middleware.engine.sharing import Seat, shared
from tay_middleware.engine.work import TurnWork
from tay_middleware.errors import ConfigurationError
from tay_middleware.playbook import Playbook
from tay_middleware.settings import Settings
from tay_middleware.storage import TurnStore, open_store_of

WARM_UP_SECONDS = 10.0
"""Longest wait for the store at construction, where nobody is chatting yet."""

CLOSE_PRIORITY = 10
"""At the end of a worker of `multiprocessing`: such a child leaves by `os._exit`, past `atexit`,
and runs only finalizers of its own that have a priority of 0 or more."""

FORKED = (
    "tay goes on in a forked child while its parent's SQLite files were open: commits to them may "
    "be lost; make the engine after the fork"
)
"""SQLite's notes of its own locks are inherited with the memory: a child may write without one."""

_log = logging.getLogger("tay_middleware")


class Escalator:
    """Decides beside the chat, weaves one sentence into a reply, and records every decision.

    One instance serves all users, from any number of threads and event loops, and goes on in a
    child after `fork`. Nothing but its construction raises.
    """

    if not TYPE_CHECKING:  # a checker reads the arguments below

        def __new__(cls, *given: object, **named: object) -> Self:
            """Refuse an engine of less than it needs, before Python does without a mend.

            A subclass whose constructor takes something else asks for that itself.
            """
            if cls.__init__ is Escalator.__init__:
                only_whole(*given, **named)
            return super().__new__(cls)

    def __init__(
        self,
        playbook: Playbook | Start,
        store: Callable[[], TurnStore],
        settings: Settings,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        random_bits: Callable[[int], int] = secrets.randbits,
        judge: TurnJudge | None = None,
    ) -> None:
        """Make an engine and open its store.

        Args:
            playbook: what may be said; or what a start found, which may be nothing yet.
            store: makes an unopened store; called once a process.
            settings: the operator's knobs.
            clock: the time now, aware.
            random_bits: that many random bits, for ids.
            judge: what judges questions; by default the cascade that the settings describe.

        Raises:
            ConfigurationError: the secret that hides user ids is missing, or the store must not be
                used as it is (a Redis that throws keys away, say).
        """
        self.settings = settings
        self.seats: weakref.WeakSet[Seat] = weakref.WeakSet()
        self.is_closed = False
        self.faults = Faults()
        self.repeats = Repeats()
        self._open_store = store
        self._clock = clock
        self._random_bits = random_bits
        # Before the cascade starts a thread: both may raise.
        self._secret = b"" if settings.mode is Mode.OFF else settings.user_key_bytes()
        found = playbook
        if isinstance(found, Playbook):
            found = Start(in_force_of(found, settings, judge))
        self._deciding = Deciding(found, settings, self._working, self.faults)
        self._made_from: Settings | None = None
        self._lock = threading.Lock()
        self._background: Background | None = None
        self._of_parents: list[Background] = []
        self._closing: weakref.finalize[..., Any] | None = None
        starts_afresh_in_children(self)
        self._warm_up()

    @classmethod
    def from_settings(cls, settings: Settings | None = None) -> "Escalator":
        """The engine that the settings describe; it can be pickled.

        Raises:
            ConfigurationError: settings are wrong, or the store must not be used; with
                `strict_start` playbook or scorer are.
        """
        settings = given_settings(settings)
        engine = cls(start(settings), lambda: open_store_of(settings), settings)
        engine._made_from = settings
        if settings.mode is not Mode.OFF:
            note_made(settings)
        return engine

    @classmethod
    def shared(cls, settings: Settings | None = None) -> "Escalator":
        """The engine of this process for these settings, made by whoever asks first.

        Raises:
            ConfigurationError: as `from_settings`.
        """
        return shared().of(given_settings(settings), cls.from_settings)

    def turn(
        self,
        *,
        question: str,
        transcript: Sequence[Message] = (),
        user_id: object = None,
        session_id: object = None,
        tier: object = None,
        owned_offers: object = (),
        turn_id: object = None,
        idempotency_seed: str | None = None,
        signals: object = None,
        simulated: bool = False,
    ) -> Turn:
        """A turn asked now; see `make_turn` for what each value may be."""
        now = self._clock()
        return make_turn(
            question=question,
            at=now,
            secret=self._secret,
            fresh_id=uuid7(now, self._random_bits(74)),
            transcript=transcript,
            user_id=user_id,
            session_id=session_id,
            tier=tier,
            owned_offers=owned_offers,
            turn_id=turn_id,
            idempotency_seed=idempotency_seed,
            signals=signals,
            simulated=simulated,
        )

    def begin(self, turn: Turn, when_answered: Callable[[], None] | None = None) -> Pending:
        """Start recall and detection in the background; returns at once and never raises.

        `when_answered` is called once, when the turn has its answer: a text that calls no tools.
        """
        guard = self.faults.guard(f"turn {turn.turn_id}")
        work = self._deciding.work if self.takes_part() else None
        preparation = Preparation(
            _nothing if work is None else partial(work.prepare, turn, guard),
            self.settings.recall_timeout_seconds,
        )
        begun = None
        if work is not None:
            with guard("begin"):
                self._running().call(preparation.schedule)
                begun = work
        grace_seconds = self.settings.grace_seconds
        return Pending(turn, guard, grace_seconds, preparation, begun, when_answered)

    def takes_part(self) -> bool:
        """Whether turns are anything to us: not in mode `off`, nor while no playbook is good.

        Where files were wrong at the start, this looks again now and then, in the background.
        """
        if self.settings.mode is Mode.OFF:
            return False
        self._deciding.look_now_and_then(self._running)
        return self._deciding.work is not None

    @property
    def playbook(self) -> Playbook:
        """The playbook in force.

        Raises:
            ConfigurationError: none was good when the engine started, nor since.
        """
        return self._deciding.playbook

    @property
    def is_as_on_disk(self) -> bool:
        """Whether playbook and scorer are those that the settings name, and no stand-ins."""
        return self._deciding.is_as_on_disk

    def guard(self, subject: str) -> Guard:
        """A guard for code beside the engine that must not hurt the chat either."""
        return self.faults.guard(subject)

    @property
    def degraded_counts(self) -> Mapping[str, int]:
        """How often each phase failed open so far, by its name."""
        return self.faults.counts

    def flush(self, timeout_seconds: float) -> bool:
        """Wait until every decision so far is written; false when the time was too short."""
        background = self._background
        if background is None:
            return True
        return background.flush(timeout_seconds)

    def read_pauses(self, timeout_seconds: float) -> bool:
        """Read now what is paused, instead of when it is next due; as `flush`."""
        if self.settings.mode is not Mode.OFF:
            self._begin_reading_pauses()
        return self.flush(timeout_seconds)

    def close(self) -> None:
        """Write what is unwritten, bounded by `flush_timeout_seconds`, and let go. Idempotent."""
        with self._lock:
            background, finalizer = self._background, self._closing
            self.is_closed = True
        if finalizer is not None:
            if finalizer.alive and self._made_from is not None:
                note_closed(self._made_from)
            finalizer()
        with self._lock:  # not before: what is still under way would begin another one
            if self._background is background:
                self._background = None

    # Life of the background half.

    def _running(self) -> Background:
        background = self._background
        if background is None:
            with self._lock:
                if self._background is None:
                    if self._of_parents:
                        _log.warning(FORKED)
                    self.is_closed = False
                    self._background = Background(self._open_store, self._deciding.held.aclose)
                    self._closing = weakref.finalize(
                        self, _close_in, os.getpid(), self._background, self.settings
                    )
                    if parent_process() is not None:
                        Finalize(self, self._closing, exitpriority=CLOSE_PRIORITY)
                background = self._background
        return background

    def _working(self, found: InForce) -> TurnWork:
        return TurnWork(
            found.playbook,
            found.settings,
            self._running,
            self._clock,
            self._random_bits,
            found.judge,
        )

    def _begin_reading_pauses(self) -> None:
        if (work := self._deciding.work) is not None:
            self._running().start(work.read_paused, self.guard("the pauses"))

    def _warm_up(self) -> None:
        """Open the store now: the first user should not wait for a migration.

        A server that is away is no reason not to start; one that must not be used is.
        """
        if self.settings.mode is Mode.OFF:
            return
        wrong = None
        with self.guard("the start")("open"):
            try:
                self._running().warm_up(WARM_UP_SECONDS)
            except ConfigurationError as error:
                wrong = error
            else:
                self._begin_reading_pauses()
        if wrong is not None:
            self.close()
            raise wrong
        self._running().start(self._deciding.ready)

    def after_fork(self) -> None:
        """In a child process: start afresh, and leave the parent's loop and store untouched."""
        self._lock = threading.Lock()
        self.faults.after_fork()
        self.repeats.after_fork()
        if self._background is not None:
            self._of_parents.append(self._background)
        if self._closing is not None:
            self._closing.detach()
        self._background, self._closing = None, None

    def __deepcopy__(self, _memo: object) -> Self:
        """The engine itself: a copy of a chain sits at the same one."""
        return self

    def __reduce__(self) -> tuple[Callable[..., "Escalator"], tuple[Settings]]:
        if self._made_from is None:
            raise TypeError(
                "an Escalator that was handed its store cannot be pickled; make it by from_settings"
            )
        return Escalator.shared, (self._made_from,)


async def _nothing(_preparation: Preparation) -> Prepared:
    raise RuntimeError("nothing is prepared for a turn that we take no part in")


def _close_in(pid: int, background: Background, settings: Settings) -> None:
    if os.getpid() == pid:
        background.close(settings.flush_timeout_seconds)
