"""Who is turned away: counted at once, told to the log and the database once in a while.

A payment that is refused at the door is a sale that nobody hears of, and a token that is tried is
somebody at the door. The log names sender, reason and sort of address; never a body, a signature,
a token or an address. Whoever knocks all day makes a line a minute.
"""

import asyncio
import ipaddress
import logging
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

from tay_middleware.payments.signatures import NO_MATCH
from tay_middleware.storage import Database
from tay_middleware.storage.desk import turned_away as sql
from tay_middleware.storage.desk.turned_away import TOKENS, Refusal, Times, Told
from tay_middleware.storage.rounds import Rounds

LOOK_SECONDS = 60.0
"""Between two lines in the log of the same, and two writes; the first is told at once."""

TOLD_FOR = timedelta(days=7)
"""How long what was turned away is shown."""

OFF = "it has no secret here and is off"

UNKNOWN = "unknown"
"""Stands for a provider that there is not, whatever it was called."""

_log = logging.getLogger("tay_middleware.web")


class TurnedAway:
    """What one process has turned away and not written down yet; it lives on one event loop."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.rounds = Rounds("turned away", "what was turned away is written down later", _log)
        self._found: dict[tuple[date, Refusal], Times] = {}
        self._some = asyncio.Event()
        self._writing: asyncio.Task[None] | None = None

    def note(self, sender: str, reason: str, address: str, now: datetime) -> None:
        """Count one.

        Args:
            sender: a provider, `UNKNOWN` or `TOKENS`.
            reason: one of a few sentences of ours: nothing that a stranger wrote.
            address: where it came from; only its sort is kept.
            now: aware.
        """
        key = now.astimezone(UTC).date(), Refusal(sender, reason, peer_of(address))
        once = Times(1, now, now)
        self._found[key] = self._found[key] + once if key in self._found else once
        self._some.set()

    async def keep(self, database: Database) -> None:
        """Write down what there is, and say so in the log.

        Who is cancelled leaves the write to come to its end; the next one waits for it. Nobody else
        could say whether it was done: what it took is written once, or kept for the next time.

        Raises:
            StorageError: it is not written down; it is kept for the next time.
        """
        while self._writing is not None and not self._writing.done():
            await asyncio.wait({self._writing})
        self._writing = asyncio.create_task(self._write(database))
        await asyncio.shield(self._writing)

    async def _write(self, database: Database) -> None:
        found, self._found = self._found, {}
        self._some.clear()
        for (_, refusal), times in found.items():
            _log.warning("turned away: %s", _line(refusal, times))
        written = False
        try:
            if found:
                await database.write(sql.add, found)
            written = True
        finally:
            if not written:
                self._put_back(found)

    def _put_back(self, found: Mapping[tuple[date, Refusal], Times]) -> None:
        """What came meanwhile is added: told in the log twice is better than counted never."""
        for key, times in found.items():
            self._found[key] = self._found[key] + times if key in self._found else times
        self._some.set()

    async def go(self, database: Database, look_seconds: float = LOOK_SECONDS) -> None:
        """Keep again and again, until cancelled."""

        async def look() -> None:
            await self._some.wait()
            await self.keep(database)

        await self.rounds.go(look, look_seconds)


def peer_of(address: str) -> str:
    """What sort of address it is."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "an unknown address"
    if parsed.is_loopback:
        return "this machine"
    return "a private network" if parsed.is_private else "the internet"


def sentence(one: Told) -> str:
    """What was turned away, for whoever must mend it; times are of UTC."""
    first, last = (f"{at:%Y-%m-%d %H:%M}" for at in (one.times.first_at, one.times.last_at))
    when = f"at {first}" if first == last else f"from {first} to {last}"
    what = _counted(one.sender, one.times.number)
    verb = "was" if one.times.number == 1 else "were"
    good = f" A good one came last at {one.good_at:%Y-%m-%d %H:%M}." if one.good_at else ""
    where = " and ".join(one.peers)
    return f"{what} {verb} refused {when}, from {where}: {one.reason}.{_mend(one)}{good}"


def _mend(one: Told) -> str:
    setting = f"TAY_WEBHOOK_SECRETS__{one.sender.upper()}"
    if one.reason == NO_MATCH:
        return f" Either {setting} is not the secret that they are signed with, or they are forged."
    if one.reason == OFF:
        return f" Set {setting} to its secret, or take our address out there."
    return ""


def _line(refusal: Refusal, times: Times) -> str:
    return f"{_counted(refusal.sender, times.number)} from {refusal.peer}: {refusal.reason}"


def _counted(sender: str, number: int) -> str:
    if sender == TOKENS:
        return f"{number} request{'' if number == 1 else 's'} for admins"
    whose = "of a provider that there is not" if sender == UNKNOWN else f"of {sender}"
    return f"{number} {'delivery' if number == 1 else 'deliveries'} {whose}"
