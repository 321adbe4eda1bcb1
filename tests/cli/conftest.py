"""Servers for the commands that need them."""

from tests.fixtures_servers import (
    _databases,
    empty_postgres_url,
    postgres,
    postgres_url,
    redis_url,
    valkey,
)

__all__ = ["_databases", "empty_postgres_url", "postgres", "postgres_url", "redis_url", "valkey"]
