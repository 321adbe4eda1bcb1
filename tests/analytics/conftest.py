"""Servers for the tests of figures."""

from tests.fixtures_servers import (
    _databases,
    empty_postgres_url,
    postgres,
    postgres_url,
    redis_url,
    valkey,
)

__all__ = ["_databases", "empty_postgres_url", "postgres", "postgres_url", "redis_url", "valkey"]
