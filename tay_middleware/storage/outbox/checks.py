"""What must be true of a Redis before anything is entrusted to it."""

import logging
from contextlib import suppress
from functools import cache
from typing import Any

from redis.asyncio.cluster import RedisCluster
from redis.exceptions import ConnectionError as NotConnected
from redis.exceptions import NoPermissionError
from redis.exceptions import TimeoutError as NotInTime

from tay_middleware.errors import ConfigurationError, StorageError, StorageUnavailable
from tay_middleware.storage.outbox.buckets import BUCKETS, LAYOUT, PREFIX, meta_of
from tay_middleware.storage.outbox.link import in_time, translated

OLDEST = (7, 0)
"""The oldest version whose XAUTOCLAIM forgets events that are gone; every Valkey is newer."""

_log = logging.getLogger("tay_middleware")


async def check(
    client: Any, seconds: float, prefix: str = PREFIX, secret_mark: str | None = None
) -> bool:
    """Look at version, eviction policy and layout; the first to come writes the layout down.

    In a cluster every master that answers is looked at, and one that does not is no reason to wait:
    not even the one that knows the layout, for the users of all others.

    Args:
        client: of Redis.
        seconds: deadline of all of it.
        prefix: before every key.
        secret_mark: by which the secret of user ids is known again; the first to come writes it
            down, and another one is told in the log. `None` is not looked at.

    Returns:
        Whether the layout is known; else ask again later.

    Raises:
        ConfigurationError: this Redis must not be used as it is; the message names the mend.
        StorageError: it does not answer.
    """
    with translated("checking Redis"):
        is_known = await in_time(_check(client, prefix), seconds)
    if is_known and secret_mark is not None:
        with suppress(StorageError), translated("checking the secret"):
            await in_time(_check_secret(client, f"{prefix}secret", secret_mark), seconds)
    return is_known


async def _check_secret(client: Any, key: str, mark: str) -> None:
    """Tell of a secret that is not the one which the users there are known by."""
    found = await client.get(key)
    if found is None:
        await client.set(key, mark, nx=True)
        found = await client.get(key)
    if found is not None and found.decode() != mark:
        _log.error(
            "TAY_USER_KEY_SECRET is not the one by which users are known in this Redis: everybody "
            "is a stranger now, who said no among them. Put it back; or, if it was changed on "
            "purpose, delete the key %s; or give this environment a TAY_REDIS_PREFIX of its own",
            key,
        )


async def _check(client: Any, prefix: str) -> bool:
    if not isinstance(client, RedisCluster):
        await _look_at(client)
        await _check_layout(client, meta_of(prefix))
        return True
    await client.initialize()
    passed = 0
    for node in client.get_primaries():
        with suppress(NotConnected, NotInTime, OSError):
            await _look_at(client, target_nodes=node)
            passed += 1
    try:
        with translated("checking the layout"):
            await _check_layout(client, meta_of(prefix))
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


async def _check_layout(client: Any, meta: str) -> None:
    ours = f"buckets={BUCKETS} layout={LAYOUT}"
    # A Redis that is full refuses SET, also where it would change nothing.
    if await client.get(meta) is None:
        await client.set(meta, ours, nx=True)
    found = (await client.get(meta) or b"").decode()
    if found != ours:
        raise ConfigurationError(
            f"TAY_REDIS_URL: the data there was laid out with {found}, this version uses {ours}; "
            "use the version that wrote it, another Redis or database number, or another "
            "TAY_REDIS_PREFIX"
        )
