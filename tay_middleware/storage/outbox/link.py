"""The connection to Redis or Valkey: clients that fail fast, and driver errors made ours, once.

The client's own defaults take seconds to say that nobody is there, and its blocking pool lets some
callers starve; so nothing is retried here, every call has one deadline, and callers queue in order.
"""

import asyncio
import re
from collections import defaultdict
from collections.abc import Awaitable, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from typing import Any, TypeVar
from urllib.parse import urlsplit

from redis.asyncio import Redis
from redis.asyncio.cluster import RedisCluster
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import (
    AuthenticationError,
    AuthorizationError,
    BusyLoadingError,
    ClusterDownError,
    MasterDownError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisClusterException,
    RedisError,
    SlotNotCoveredError,
)
from redis.exceptions import ConnectionError as NotConnected
from redis.exceptions import TimeoutError as NotInTime

from tay_middleware.errors import CallRefused, ConfigurationError, StorageError, StorageUnavailable
from tay_middleware.storage.outbox.breaker import FAILURES, FAILURES_OF_A_BUCKET, Breaker
from tay_middleware.storage.outbox.buckets import PREFIX, outbox_of
from tay_middleware.storage.outbox.cluster_url import cluster_client
from tay_middleware.storage.outbox.kept import KeptConnections
from tay_middleware.storage.outbox.scripts import Ask, Script

SUPPORTED = (
    "redis://host:6379/0, rediss://host:6379/0, unix:///path/to/socket or "
    "redis+cluster://host:7000,host:7001 (rediss+cluster:// with TLS)"
)

CONNECTIONS = 8
"""Calls at once of one process; more wait in line, first come first served. At a millisecond a
call that is 8,000 calls a second, more than one process makes; a crowd of connections would only
keep each other from being read in time."""

CONNECTIONS_OF_A_CLUSTER = 4 * CONNECTIONS
"""The same for a cluster: who stands in front may wait for a master that hangs, and who stands
behind may want another one."""

SHARE_OF_A_NODE = 0.4
"""How much of a call's time one node of a cluster may take before the next one is asked."""

LOOKS = 8
"""Turns of the event loop that a late answer gets: enough for one that has arrived to be read."""

PATIENT_SECONDS = 3.0
"""The deadline of a worker, which nobody waits for."""

CLOSE_SECONDS = 1.0
"""How long a client that is being closed keeps a caller who has been cancelled."""

SCRIPTS = ("commit", "retract", "recall", "erase")

T = TypeVar("T")

_Client = Any  # redis.asyncio.Redis or RedisCluster; their common verbs have no common type


class Link:
    """One client, its scripts, its breakers; it lives on one event loop."""

    def __init__(
        self,
        url: str,
        *,
        call_seconds: float,
        connections: int | None = None,
        prefix: str = PREFIX,
    ) -> None:
        """Make an unconnected link.

        Args:
            url: one of `SUPPORTED`.
            call_seconds: deadline of a call, connecting included: what a turn may lose to a server
                that hangs. A healthy one answers in under a millisecond.
            connections: calls at once; `None` for what suits the kind of server.
            prefix: before every key.

        Raises:
            ConfigurationError: the URL is not understood.
        """
        self.prefix = prefix
        self.is_cluster = urlsplit(url).scheme.endswith("+cluster")
        connections = connections or (CONNECTIONS_OF_A_CLUSTER if self.is_cluster else CONNECTIONS)
        # Within one call a cluster's client may have to ask a second node where things are.
        self.client: _Client = make_client(
            url,
            patience_seconds=call_seconds * SHARE_OF_A_NODE if self.is_cluster else None,
            max_connections=connections + 4,
        )
        self._ask: Ask = (
            self.client.execute_command if self.is_cluster else KeptConnections(self.client).ask
        )
        self._scripts = {name: Script(name) for name in SCRIPTS}
        most = FAILURES_OF_A_BUCKET if self.is_cluster else FAILURES
        self._breakers: defaultdict[int, Breaker] = defaultdict(lambda: Breaker(most))
        self._line = asyncio.Semaphore(connections)
        self._call_seconds = call_seconds

    async def run(self, script: str, bucket: int, keys: Sequence[str], args: Sequence[str]) -> Any:
        """Run a script on the keys of a bucket, within the deadline.

        Raises:
            StorageUnavailable: no answer in time, or none asked for because the breaker is open.
                The script may have run all the same.
            CallRefused: Redis refuses this one for good, or no script of ours has this name.
            StorageError: Redis refuses all of them, for the user or the password.
        """
        if script not in self._scripts:
            raise CallRefused(f"no script of this version is named {script[:64]!r}")
        breaker = self.breaker(bucket)
        _refuse_if_open(breaker)
        with translated(f"running {script}", breaker):
            # Standing in line is not held against the server: a crowd at once is our own doing, and
            # when the server hangs, those in front open the breaker for all who stand behind.
            async with self._line:
                _refuse_if_open(breaker)
                return await in_time(
                    self._scripts[script].run(self._ask, keys, args), self._call_seconds
                )

    async def probe(self, bucket: int) -> bool:
        """Whether the server of a bucket answers; closes its breaker if so."""
        try:
            await in_time(self.client.exists(outbox_of(bucket, self.prefix)), self._call_seconds)
        except (RedisError, RedisClusterException, OSError, TimeoutError):
            return False
        self.breaker(bucket).close()
        return True

    def breaker(self, bucket: int) -> Breaker:
        """The breaker of a bucket: in a cluster its own, else the one of the only server."""
        return self._breakers[bucket if self.is_cluster else 0]

    @property
    def open_buckets(self) -> list[int]:
        """Buckets whose breaker is open; 0 for the only server."""
        return [bucket for bucket, breaker in self._breakers.items() if breaker.is_open]

    async def aclose(self) -> None:
        """Give back the connections. Idempotent."""
        await close_client(self.client)


def make_client(url: str, *, patience_seconds: float | None, **options: Any) -> _Client:
    """A client that never retries by itself; a command that timed out may have been run.

    Args:
        url: one of `SUPPORTED`.
        patience_seconds: deadline of connecting, and of an answer; `None` where every call has its
            own (each costs a task of its own in the client).
        options: more arguments of the client.

    Raises:
        ConfigurationError: the URL is not understood. The message never holds a password.
    """
    common = {
        "protocol": 2,
        "encoding_errors": "replace",
        "driver_info": None,  # it would cost two round trips a connection
        "socket_timeout": patience_seconds,
        "socket_connect_timeout": patience_seconds,
        "retry": Retry(NoBackoff(), 0),
        **options,
    }
    scheme = urlsplit(url).scheme
    try:
        if scheme.endswith("+cluster"):
            return cluster_client(url, common)
        return Redis.from_url(url, **common)
    except ValueError as error:
        raise ConfigurationError(
            f"TAY_REDIS_URL ({scheme or 'no scheme'}) is not understood; write it like {SUPPORTED}"
        ) from error


async def close_client(client: Any) -> None:
    """Give back all connections of a client, also where the caller is cancelled meanwhile.

    The driver closes each connection in a task of its own, and one that is cancelled before its
    first step closes nothing.
    """
    closing = asyncio.ensure_future(_closed(client))
    _closings.add(closing)
    closing.add_done_callback(_let_go)
    try:
        await asyncio.shield(closing)
    except asyncio.CancelledError:
        await asyncio.wait({closing}, timeout=CLOSE_SECONDS)
        raise


async def _closed(client: Any) -> None:
    async with AsyncExitStack() as closing:
        if isinstance(client, RedisCluster):
            # It closes nothing by itself while it looks for its servers anew.
            closing.push_async_callback(client.nodes_manager.aclose, "startup_nodes")
            closing.push_async_callback(client.nodes_manager.aclose)
        closing.push_async_callback(client.aclose)


_closings: set[asyncio.Future[None]] = set()
"""Clients that are being closed: a task that nobody holds may be collected before it ends."""


def _let_go(closing: asyncio.Future[None]) -> None:
    _closings.discard(closing)
    if not closing.cancelled():
        closing.exception()  # who was cancelled while waiting for it has not asked


@contextmanager
def translated(doing: str, breaker: Breaker | None = None) -> Iterator[None]:
    """Run a block that asks Redis; `doing` names it in the message.

    Raises:
        StorageUnavailable: no answer in time, or not now: it may pass by itself.
        CallRefused: a script of ours cannot do this with these keys and arguments.
        StorageError: refused for good. No message holds a value.
    """
    try:
        yield
    except StorageError:
        raise
    except (NotConnected, NotInTime, OSError, TimeoutError, *_PASSING) as error:
        # Some versions of the driver wrap a refusal at the greeting into a lost connection.
        refusals = (AuthenticationError, AuthorizationError)
        if isinstance(error, refusals) or isinstance(error.__cause__, refusals):
            raise StorageError(f"{doing}: Redis refuses the user or the password") from error
        if breaker is not None:
            breaker.failed()
        raise StorageUnavailable(f"{doing}: Redis does not answer ({_name(error)})") from error
    except (NoPermissionError, RedisError) as error:
        passing = str(error).partition(" ")[0] in _PASSING_WORDS
        in_script = _IN_SCRIPT.search(str(error))
        if (
            in_script
            and not passing
            and not isinstance(error, OutOfMemoryError | NoPermissionError)
        ):
            raise CallRefused(f"{doing}: {_name(error)} at {in_script.group()}") from error
        kind = (
            StorageUnavailable if passing or isinstance(error, OutOfMemoryError) else StorageError
        )
        raise kind(f"{doing}: Redis refuses ({_name(error)})") from error
    if breaker is not None:
        breaker.succeeded()


_PASSING = (
    BusyLoadingError,
    ClusterDownError,
    MasterDownError,
    ReadOnlyError,
    RedisClusterException,
    SlotNotCoveredError,
)
"""A server that starts, fails over or has lost its peers: as good as one that is not there."""

_PASSING_WORDS = ("MISCONF", "OOM", "NOREPLICAS", "BUSY", "TRYAGAIN")
"""A server that answers, and cannot write just now."""

_IN_SCRIPT = re.compile(r"user_script:\d+")
"""How every server names the line of a script that went wrong."""


async def in_time(call: Awaitable[T], seconds: float) -> T:
    """The answer of a call, or `TimeoutError`.

    When time is up, what has arrived is read first: an interpreter that was busy with something
    else for so long says nothing about the server.
    """
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(None) as timeout:
        waiting: list[asyncio.Handle] = []

        def look(looks: int) -> None:
            if looks:
                waiting[0] = loop.call_soon(look, looks - 1)
            else:
                timeout.reschedule(loop.time())

        waiting.append(loop.call_later(seconds, look, LOOKS))
        try:
            return await call
        finally:
            waiting[0].cancel()


def _refuse_if_open(breaker: Breaker) -> None:
    if breaker.is_open:
        raise StorageUnavailable("Redis did not answer lately; it is not asked until it does")


def _name(error: BaseException) -> str:
    return type(error).__name__
