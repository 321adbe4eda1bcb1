"""Connections that are kept between two commands, for a client of a single server.

What the client does around a command (retries, measurements, callbacks, locks of its pool) takes it
as long again as the command, and nothing of it is wanted for what runs in every turn. So a
connection is taken out of the pool once. It goes back when something went wrong on it; and before
each command it is looked at, whether the server has closed it or said something unasked.
"""

from collections.abc import Callable
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import ConnectionError as NotConnected


def _packed(command: tuple[Any, ...]) -> bytes:
    """A command as it travels; of half a character a `?` does."""
    words = [str(word).encode("utf-8", "replace") for word in command]
    return b"".join([b"*%d\r\n" % len(words), *(b"$%d\r\n%b\r\n" % (len(w), w) for w in words)])


_pack: Callable[[Any], bytes]
try:
    from hiredis import pack_command as _pack
except ImportError:  # an extra
    _pack = _packed


class KeptConnections:
    """Connections of one client's pool that wait for the next command; on one event loop.

    The pool counts them as in use, and closes them with the client.
    """

    def __init__(self, client: Redis) -> None:
        """Keep none yet; as many are taken out of the pool as commands run at once."""
        self._pool: Any = client.connection_pool
        self._waiting: list[Any] = []

    async def ask(self, *command: Any) -> Any:
        """The answer to one command.

        Raises:
            RedisError, OSError: as the driver raises them; the command may have run all the same.
        """
        connection = await self._taken()
        try:
            await connection.send_packed_command(_bytes_of(command), check_health=False)
            return await connection.read_response()
        finally:
            # It closes itself where something was sent and the answer was not read to its end.
            if connection.is_connected:
                self._waiting.append(connection)
            else:
                await self._pool.release(connection)

    async def _taken(self) -> Any:
        """A connection with nothing to read on it: one that waits, else one of the pool."""
        while self._waiting:
            connection = self._waiting.pop()
            is_quiet = False
            try:
                is_quiet = await _is_quiet(connection)
            finally:  # a deadline may pass meanwhile: what is not given back is lost to the pool
                if not is_quiet:
                    await connection.disconnect(nowait=True)
                    await self._pool.release(connection)
            if is_quiet:
                return connection
        return await self._pool.get_connection()


async def _is_quiet(connection: Any) -> bool:
    try:
        return not await connection.can_read()
    except NotConnected:  # it was closed from our side
        return False


def _bytes_of(command: tuple[Any, ...]) -> bytes:
    try:
        return _pack(command)
    except UnicodeEncodeError:  # `hiredis` takes no half of a character
        return _packed(command)
