"""Servers for the tests of stores."""

from tests.fixtures_servers import (
    _databases,
    cluster,
    cluster_url,
    empty_postgres_url,
    postgres,
    postgres_url,
    redis_url,
    valkey,
)

__all__ = [
    "_databases",
    "cluster",
    "cluster_url",
    "empty_postgres_url",
    "postgres",
    "postgres_url",
    "redis_url",
    "valkey",
]
