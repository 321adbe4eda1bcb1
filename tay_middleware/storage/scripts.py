"""Scripts on Redis, each run by its hash; a server that does not know it is sent the text.

To that server alone, where the driver's own helper would load it on all masters of a cluster, the
dead one included. On a single server the command goes straight over a connection of the client's
pool: what the client does around it (retries, measurements, callbacks of each command) takes it as
long again as the command, and nothing of it is wanted here.
"""

from collections.abc import Callable, Sequence
from hashlib import sha1
from importlib.resources import files
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import NoScriptError

_pack: Callable[[Any], bytes] | None
try:
    from hiredis import pack_command as _pack
except ImportError:  # an extra: the driver's own packing does the same, ten times slower
    _pack = None


class Script:
    """One script of the package, `lua/<name>.lua`."""

    def __init__(self, name: str) -> None:
        """Read the script.

        Raises:
            FileNotFoundError: the package has no such script.
        """
        path = files("tay_middleware.storage") / "lua" / f"{name}.lua"
        self.source = path.read_text(encoding="utf-8")
        self._hash = sha1(self.source.encode(), usedforsecurity=False).hexdigest()

    async def run(self, client: Any, keys: Sequence[str], args: Sequence[str]) -> Any:
        """Run it on `keys`, which lie together; `client` is a `Redis` or a `RedisCluster`.

        Raises:
            RedisError, OSError: as the driver raises them; the script may have run all the same.
        """
        ask = _asked_directly if isinstance(client, Redis) else _asked
        try:
            return await ask(client, "EVALSHA", self._hash, len(keys), *keys, *args)
        except NoScriptError:
            return await ask(client, "EVAL", self.source, len(keys), *keys, *args)


async def _asked(client: Any, verb: str, *rest: Any) -> Any:
    return await getattr(client, verb.lower())(*rest)


async def _asked_directly(client: Redis, *command: Any) -> Any:
    """The answer to one command; a connection on which something went wrong closes itself."""
    pool: Any = client.connection_pool
    connection = await pool.get_connection()
    try:
        await connection.send_packed_command(_bytes_of(connection, command), check_health=False)
        return await connection.read_response()
    finally:
        await pool.release(connection)


def _bytes_of(connection: Any, command: tuple[Any, ...]) -> list[bytes]:
    if _pack is not None:
        try:
            return [_pack(command)]
        except UnicodeEncodeError:  # a lone surrogate: the driver replaces it
            pass
    packed: list[bytes] = connection.pack_command(*command)
    return packed
