"""What belongs to one event loop: the connections to the server, the slots, the asks under way."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from tay_middleware.decide.classify.flights import Flights


class Server(Protocol):
    """One model behind one server; see `server.OpenAIServer`."""

    async def complete(self, messages: Sequence[dict[str, str]], fields: dict[str, Any]) -> bytes:
        """Ask once; the body of the reply. Raises `CallFailed`."""

    async def aclose(self) -> None:
        """Close the connections."""


class Desk:
    """Made on the running loop, and of no use on another.

    Args:
        open_server: makes the connection's client; called once, in a thread, when first needed.
        most_at_once: requests under way at one time.
    """

    def __init__(self, open_server: Callable[[], Server], most_at_once: int) -> None:
        self.flights = Flights()
        self.slots = asyncio.Semaphore(most_at_once)
        self._open_server = open_server
        self._loop = asyncio.get_running_loop()
        self._opening = asyncio.Lock()
        self._server: Server | None = None

    @property
    def is_here(self) -> bool:
        """Whether the running loop is this desk's own."""
        return self._loop is asyncio.get_running_loop()

    async def server(self) -> Server:
        """The server, opened. Opening imports the client, which is why it is done in a thread."""
        async with self._opening:
            if self._server is None:
                self._server = await asyncio.to_thread(self._open_server)
            return self._server

    async def aclose(self) -> None:
        """Cancel the asks under way, then close the connections."""
        await self.flights.aclose()
        async with self._opening:
            if self._server is not None:
                await self._server.aclose()
