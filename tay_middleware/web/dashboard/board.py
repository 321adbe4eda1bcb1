"""What pages need and no request can wait for: verdicts of experiments, the drain's lag."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from tay_middleware.analytics import charts
from tay_middleware.analytics.experiments import State, Verdict, examine
from tay_middleware.decide.cascade import Cascade, Until
from tay_middleware.decide.stages import make_cascade
from tay_middleware.storage.outbox.worker import Health, Places, health_of
from tay_middleware.web.context import Context
from tay_middleware.web.dashboard.kept import Kept

VERDICTS_FOR = timedelta(minutes=5)
PAST_FOR = timedelta(hours=1)
LAG_FOR = timedelta(seconds=20)

PAST_LOOKS = 8
"""Points of a line of verdicts: each is a look at all users of the experiments."""


@dataclass(frozen=True, slots=True)
class Look:
    """The verdicts as they were on a day."""

    at: datetime
    verdicts: tuple[Verdict, ...]


class Board:
    """One for a server; it lives on its event loop."""

    def __init__(self, here: Context) -> None:
        """Make one that has looked at nothing yet."""
        self._here = here
        self.verdicts = Kept(self._examined, VERDICTS_FOR, here.clock)
        self.past = Kept(self._looked_back, PAST_FOR, here.clock)
        self.lag = Kept(self._owed, LAG_FOR, here.clock)
        self._cascade: Cascade | None = None
        self._former: list[Cascade] = []

    def go_by(self, here: Context) -> None:
        """Show what another playbook makes of it, from the next page on."""
        self._here = here
        if self._cascade is not None:  # a page may be at it
            self._former.append(self._cascade)
            self._cascade = None
        self.verdicts.forget()
        self.past.forget()

    def begin(self) -> "asyncio.Task[str | None]":
        """Make ready what the first page would wait for."""
        self.verdicts.refresh()
        self.lag.refresh()
        first = charts.line([("2026-01-01", 0.1), ("2026-01-02", 0.1)])
        return asyncio.create_task(asyncio.to_thread(charts.draw, first))

    async def cascade(self) -> Cascade:
        """The stages for the try-it box, made when it is first used; nobody is asked over the net.

        Raises:
            ConfigurationError: the scorer's file cannot be read.
        """
        if self._cascade is None:
            here = self._here
            made = await asyncio.to_thread(
                make_cascade, here.playbook, here.settings, Until.ENCODER
            )
            made.start()
            if here is not self._here:
                self._former.append(made)
                return made
            self._cascade = made
        return self._cascade

    async def aclose(self) -> None:
        """Stop looking."""
        for kept in (self.verdicts, self.past, self.lag):
            await kept.aclose()
        for cascade in (*self._former, self._cascade):
            if cascade is not None:
                await cascade.aclose()

    async def _examined(self) -> tuple[Verdict, ...]:
        here = self._here
        return await examine(here.database, here.playbook, now=here.clock())

    async def _looked_back(self) -> tuple[Look, ...]:
        here, now = self._here, self._here.clock()
        verdicts = await examine(here.database, here.playbook, now=now)
        looks = [
            Look(at, await examine(here.database, here.playbook, now=at))
            for at in _days_between(_first_day(verdicts, now), now)
        ]
        return (*looks, Look(now, verdicts))

    async def _owed(self) -> Health | None:
        places = Places.of(self._here.settings)
        return None if places is None else await health_of(places)


def _first_day(verdicts: Sequence[Verdict], now: datetime) -> datetime:
    """When the oldest experiment that still runs began, at most a quarter ago."""
    starts = [one.start for one in verdicts if one.state is State.RUNNING and one.start]
    earliest = now - timedelta(days=90)
    first = datetime.combine(min(starts), time(), UTC) if starts else now - timedelta(days=28)
    return max(earliest, first)


def _days_between(first: datetime, now: datetime) -> list[datetime]:
    step = (now - first) / PAST_LOOKS
    return [first + step * number for number in range(1, PAST_LOOKS)]
