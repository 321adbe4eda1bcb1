"""What an engine decides turns by, and how it takes what was wrong at its start and is mended."""

import asyncio
import logging
from collections.abc import Callable

from tay_middleware.domain import Mode
from tay_middleware.engine.background import Background
from tay_middleware.engine.failopen import Faults
from tay_middleware.engine.in_force import Awaited, InForce, Start
from tay_middleware.engine.work import TurnWork
from tay_middleware.errors import ConfigurationError
from tay_middleware.playbook import Playbook
from tay_middleware.settings import Settings

_log = logging.getLogger("tay_middleware")


class Held:
    """What is to be closed at the end. It knows no engine, or none would ever be collected."""

    def __init__(self) -> None:
        self.in_force: InForce | None = None

    async def aclose(self) -> None:
        """Let go of connections and threads; on the background loop."""
        if self.in_force is not None and self.in_force.cascade is not None:
            await self.in_force.cascade.aclose()


class Deciding:
    """The playbook in force and the work by it; `work` is `None` while no playbook is good."""

    def __init__(
        self,
        found: Start,
        settings: Settings,
        make_work: Callable[[InForce], TurnWork],
        faults: Faults,
    ) -> None:
        """Go by what a start found.

        Args:
            found: which may be nothing yet, or a stand-in for what is wrong.
            settings: the operator's knobs.
            make_work: the work of an engine, by what is in force.
            faults: where it is counted that something was wrong.
        """
        self._is_off = settings.mode is Mode.OFF
        self._make_work = make_work
        self._faults = faults
        self._awaited = Awaited(settings, found.seen) if found.faults else None
        self.held = Held()
        self.work: TurnWork | None = None
        for _ in found.faults:
            faults.count("start")
        if found.in_force is not None:
            self._go_by(found.in_force, self._working(found.in_force))

    @property
    def playbook(self) -> Playbook:
        """The playbook in force.

        Raises:
            ConfigurationError: none was good at the start, nor since.
        """
        if self.held.in_force is None:
            raise ConfigurationError("no good playbook is known yet: tay playbook check")
        return self.held.in_force.playbook

    @property
    def is_as_on_disk(self) -> bool:
        """Whether playbook and scorer are those that the settings name, and no stand-ins."""
        return self._awaited is None

    def look_now_and_then(self, running: Callable[[], Background]) -> None:
        """Where something was wrong, look in the background whether it is mended; never raises."""
        awaited = self._awaited
        if awaited is not None and awaited.is_due():
            with self._faults.guard("the start")("start"):
                running().start(self._look, awaited)

    async def ready(self) -> None:
        """Make ready what the first question would wait for; on the background loop."""
        if self.held.in_force is not None:
            await self._warm(self.held.in_force)

    def _working(self, found: InForce) -> TurnWork:
        if found.cascade is not None and not self._is_off:
            found.cascade.start()
        return self._make_work(found)

    def _go_by(self, found: InForce, work: TurnWork) -> None:
        self.held.in_force, self.work = found, work

    async def _look(self, awaited: Awaited) -> None:
        with self._faults.guard("the start")("start"):
            found = await asyncio.to_thread(awaited.look)
            if found is not None and self._awaited is awaited:
                await self._take(found.in_force)
                self._awaited = awaited if found.faults else None

    async def _take(self, new: InForce | None) -> None:
        """Go by what was found now, where that decides otherwise; turns under way end as begun."""
        former = self.held.in_force
        if new is None or (former is not None and new.is_as(former)):
            return
        work = self._working(new)
        await work.read_paused(self._faults.guard("the start"))
        await self._warm(new)
        self._go_by(new, work)
        _log.warning("tay goes by version %s of the playbook now", new.playbook.version)
        if former is not None and former.cascade is not None:
            await former.cascade.aclose()

    async def _warm(self, found: InForce) -> None:
        if found.cascade is not None:
            with self._faults.guard("the start")("classifier"):
                await found.cascade.warm_up()
