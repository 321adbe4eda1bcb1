"""Scripts on Redis, each run by its hash; a server that does not know it is sent the text.

To that server alone, where the driver's own helper would load it on all masters of a cluster, the
dead one included.
"""

from collections.abc import Awaitable, Callable, Sequence
from hashlib import sha1
from importlib.resources import files
from typing import Any

from redis.exceptions import NoScriptError

Ask = Callable[..., Awaitable[Any]]
"""Sends one command, word by word, and gives the answer: a client's `execute_command`, say."""


class Script:
    """One script of the package, `lua/<name>.lua`."""

    def __init__(self, name: str) -> None:
        """Read the script.

        Raises:
            FileNotFoundError: the package has no such script.
        """
        path = files("tay_middleware.storage.outbox") / "lua" / f"{name}.lua"
        self.source = path.read_text(encoding="utf-8")
        self._hash = sha1(self.source.encode(), usedforsecurity=False).hexdigest()

    async def run(self, ask: Ask, keys: Sequence[str], args: Sequence[str]) -> Any:
        """Run it on `keys`, which lie together; `ask` asks their server.

        Raises:
            RedisError, OSError: as the driver raises them; the script may have run all the same.
        """
        try:
            return await ask("EVALSHA", self._hash, len(keys), *keys, *args)
        except NoScriptError:
            return await ask("EVAL", self.source, len(keys), *keys, *args)
