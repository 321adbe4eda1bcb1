"""The URL of a cluster, which the driver does not read: `redis+cluster://u:p@host:port,host:port`."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from redis.asyncio.cluster import ClusterNode, RedisCluster
from redis.asyncio.connection import URL_QUERY_ARGUMENT_PARSERS

from tay_middleware.errors import ConfigurationError

_OF_TLS = "ssl_"

_OPTIONS = frozenset(
    {
        "client_name",
        "health_check_interval",
        "socket_keepalive",
        "socket_read_size",
        "ssl_ca_certs",
        "ssl_ca_data",
        "ssl_cert_reqs",
        "ssl_certfile",
        "ssl_check_hostname",
        "ssl_ciphers",
        "ssl_exclude_verify_flags",
        "ssl_include_verify_flags",
        "ssl_keyfile",
        "ssl_min_version",
    }
)
"""What may stand behind the `?`. Deadlines, retries and connections are ours."""


def cluster_client(url: str, options: Mapping[str, Any]) -> RedisCluster:
    """A client of a cluster (`rediss+cluster` with TLS), not connected yet.

    Args:
        url: of the cluster; behind its `?` the driver's options of TLS and a few more.
        options: arguments of the client that win over those of the URL.

    Raises:
        ConfigurationError: an option is unknown or does not fit, or a database is named. The
            message never holds a value.
        ValueError: a node has no port.
    """
    parts = urlsplit(url)
    if parts.path.strip("/"):
        raise ConfigurationError(
            "TAY_REDIS_URL: a cluster has no database numbers; take out what follows the last port"
        )
    who, _, hosts = parts.netloc.rpartition("@")
    user, _, password = who.partition(":")
    arguments: dict[str, Any] = {
        "startup_nodes": [_node(host) for host in hosts.split(",")],
        "username": unquote(user) or None,
        "password": unquote(password) or None,
        "ssl": parts.scheme.startswith("rediss"),
        "require_full_coverage": False,
    }
    return RedisCluster(**{**_asked(parts), **arguments, **options})


def _node(host: str) -> ClusterNode:
    name, _, port = host.rpartition(":")
    if not name or not port.isdigit():
        raise ValueError("a node of the cluster has no port")
    return ClusterNode(name.strip("[]"), int(port))


def _asked(parts: SplitResult) -> dict[str, Any]:
    """The options behind the `?`, read as the driver reads those of a single server."""
    asked: dict[str, Any] = {}
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        if name not in _OPTIONS:
            raise ConfigurationError(
                f"TAY_REDIS_URL: the option {name!r} of a cluster is not known; known are "
                f"{', '.join(sorted(_OPTIONS))}"
            )
        if name.startswith(_OF_TLS) and not parts.scheme.startswith("rediss"):
            raise ConfigurationError(f"TAY_REDIS_URL: {name} is of TLS: use rediss+cluster://")
        read: Any = URL_QUERY_ARGUMENT_PARSERS.get(name, str)
        try:
            asked[name] = read(value)
        except (TypeError, ValueError):
            raise ConfigurationError(
                f"TAY_REDIS_URL: the value of the option {name!r} does not fit"
            ) from None
    return asked
