"""What must be true of a Redis before anything is entrusted to it."""

import logging
from contextlib import suppress
from functools import cache
from typing import Any

from redis.asyncio.cluster import RedisCluster
from redis.exceptions import ConnectionError as NotConnected
from redis.exceptions import NoPermissionError
from redis.exceptions import TimeoutError as NotInTime

from tay_middleware.errors import ConfigurationError, StorageUnavailable
from tay_middleware.storage.buckets import BUCKETS, LAYOUT, META
from tay_middleware.storage.link import in_time, translated

OLDEST = (7, 0)
"""The oldest version whose XAUTOCLAIM forgets events that are gone; every Valkey is newer."""

_log = logging.getLogger("tay_middleware")


async def check(client: Any, seconds: float) -> bool:
    """Look at version, eviction policy and layout; the first to come writes the layout down.

    In a cluster every master that answers is looked at, and one that does not is no reason to wait:
    not even the one that knows the layout, for the users of all others.

    Args:
        client: of Redis.
        seconds: deadline of all of it.

    Returns:
        Whether the layout is known; else ask again later.

    Raises:
        ConfigurationError: this Redis must not be used as it is; the message names the mend.
        StorageError: it does not answer.
    """
    with translated("checking Redis"):
        return await in_time(_check(client), seconds)


async def _check(client: Any) -> bool:
    if not isinstance(client, RedisCluster):
        await _look_at(client)
        await _check_layout(client)
        return True
    await client.initialize()
    passed = 0
    for node in client.get_primaries():
        with suppress(NotConnected, NotInTime, OSError):
            await _look_at(client, target_nodes=node)
            passed += 1
    try:
        with translated("checking the layout"):
            await _check_layout(client)
    except StorageUnavailable:
        if not passed:
            raise
        return False
    return True


async def _look_at(client: Any, **where: Any) -> None:
    """Refuse a server of the wrong kind; one that may not be asked is used."""
    try:
        found = await client.info(**where)
    except NoPermissionError:
        _tell_unlooked()
        return
    _check_node(found)


@cache
def _tell_unlooked() -> None:
    """Once in a process: a server may be looked at again and again."""
    _log.warning(
        "the user of TAY_REDIS_URL may not run INFO: the version (%d.%d or newer, or any Valkey) "
        "and maxmemory-policy (noeviction) of this Redis are not checked",
        *OLDEST,
    )


def _check_node(node: dict[str, Any]) -> None:
    version = str(node.get("redis_version", "0"))
    if tuple(int(part) for part in version.split(".")[:2]) < OLDEST:
        raise ConfigurationError(
            f"TAY_REDIS_URL: version {version} is too old; {OLDEST[0]}.{OLDEST[1]} or newer, or "
            "any Valkey, is needed"
        )
    policy = node.get("maxmemory_policy", "noeviction")
    if policy != "noeviction":
        raise ConfigurationError(
            f"TAY_REDIS_URL: this Redis throws keys away when it is full (maxmemory-policy "
            f"{policy}), decisions that are not in SQL yet among them; run "
            "`CONFIG SET maxmemory-policy noeviction` or use a Redis of its own"
        )


async def _check_layout(client: Any) -> None:
    ours = f"buckets={BUCKETS} layout={LAYOUT}"
    # A Redis that is full refuses SET, also where it would change nothing.
    if await client.get(META) is None:
        await client.set(META, ours, nx=True)
    found = (await client.get(META) or b"").decode()
    if found != ours:
        raise ConfigurationError(
            f"TAY_REDIS_URL: the data there was laid out with {found}, this version uses {ours}; "
            "use the version that wrote it, or another Redis or database number"
        )
