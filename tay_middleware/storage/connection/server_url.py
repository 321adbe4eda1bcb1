"""What the part of a PostgreSQL URL behind `?` asks of the driver.

Hosts hand out URLs in the words of libpq (`?sslmode=require`), which the driver does not take as
they stand: it would end in a `TypeError` at the first question.
"""

import ssl
from collections.abc import Callable, Mapping
from math import isfinite
from typing import Any
from urllib.parse import urlencode

from sqlalchemy.engine import URL

from tay_middleware.errors import ConfigurationError

_SSL_MODES = frozenset({"disable", "allow", "prefer", "require", "verify-ca", "verify-full"})
_ROLES = frozenset({"any", "primary", "standby", "read-write", "read-only", "prefer-standby"})

_PLACES = frozenset({"host", "port"})
"""SQLAlchemy reads these itself."""

_FILES = frozenset(
    {
        "sslrootcert",
        "sslcert",
        "sslkey",
        "sslpassword",
        "sslcrl",
        "ssl_min_protocol_version",
        "ssl_max_protocol_version",
        "sslnegotiation",
    }
)
"""What the driver takes from a URL of libpq alone, and not as arguments."""

_AS_THEY_ARE = frozenset(
    {"user", "password", "passfile", "service", "servicefile", "krbsrvname", "gsslib"}
)

_SETTINGS = frozenset({"application_name", "options", "search_path"})
"""What is said to the server at the start of a session."""

_MEANINGLESS = frozenset(
    {
        "channel_binding",
        "client_encoding",
        "command_timeout",
        "connection_limit",
        "fallback_application_name",
        "gssencmode",
        "keepalives",
        "keepalives_count",
        "keepalives_idle",
        "keepalives_interval",
        "pool_timeout",
        "sslcompression",
        "sslsni",
        "tcp_user_timeout",
    }
)
"""Of other drivers, or ours to set: the driver has no such knob, and the chat does without."""

_CACHES = ("statement_cache_size", "prepared_statement_cache_size")


def server_options(url: URL) -> tuple[URL, dict[str, Any]]:
    """The URL without what the driver does not read, and the arguments that say it instead.

    Raises:
        ConfigurationError: a parameter is unknown, or its value does not fit. The message names
            the parameter and never holds its value.
    """
    options: dict[str, Any] = {}
    settings: dict[str, str] = {}
    files: dict[str, str] = {}
    for name, value in _last_of_each(url).items():
        if name in _FILES:
            files[name] = value
        elif name in _SETTINGS:
            settings[name] = value
        elif name in _AS_THEY_ARE:
            options[name] = value
        elif name in _READERS:
            key, read = _READERS[name]
            options[key] = _read(name, value, read)
        elif name not in _MEANINGLESS:
            raise ConfigurationError(
                f"TAY_DATABASE_URL: the parameter {name!r} behind the ? is not known; "
                "take it out (docs/operate.md lists those that are)"
            )
    if settings:
        options["server_settings"] = settings
    _say_files(files, options)
    _say_caches(options)
    return url.set(
        query={key: value for key, value in url.query.items() if key in _PLACES}
    ), options


def _last_of_each(url: URL) -> Mapping[str, str]:
    return {
        name: value if isinstance(value, str) else value[-1]
        for name, value in url.query.items()
        if name not in _PLACES
    }


def _say_files(files: dict[str, str], options: dict[str, Any]) -> None:
    """Certificates: `sslrootcert=system` are those of the machine, as libpq says it."""
    if files.get("sslrootcert") == "system":
        del files["sslrootcert"]
        if files:
            raise ConfigurationError(
                "TAY_DATABASE_URL: sslrootcert=system goes with no other parameter of certificates "
                f"({', '.join(sorted(files))})"
            )
        options["ssl"] = ssl.create_default_context()
    if files:
        options["dsn"] = f"postgresql://?{urlencode(files)}"


def _say_caches(options: dict[str, Any]) -> None:
    """Behind a pooler that hands each transaction another session nothing may be kept in one.

    Every statement is then unnamed: a name would be taken, or forgotten, where the next
    transaction runs; a fresh name for each, as SQLAlchemy proposes, leaves one behind in every
    session of the server at the end of every transaction, until the pooler closes the session.
    """
    if options.pop("pgbouncer", False) or 0 in [options.get(name) for name in _CACHES]:
        options.update(dict.fromkeys(_CACHES, 0), prepared_statement_name_func=str)


def _read(name: str, value: str, read: Callable[[str], Any]) -> Any:
    try:
        return read(value)
    except ValueError:
        raise ConfigurationError(
            f"TAY_DATABASE_URL: the value of the parameter {name!r} does not fit"
        ) from None


def _one_of(words: frozenset[str]) -> Callable[[str], str]:
    def read(value: str) -> str:
        if value not in words:
            raise ValueError
        return value

    return read


def _size(value: str) -> int:
    number = int(value)
    if number < 0:
        raise ValueError
    return number


def _seconds(value: str) -> float | None:
    """A wait; 0 and less are for ever in libpq's words, which is left to our own limit."""
    number = float(value)
    if not isfinite(number):
        raise ValueError
    return number if number > 0 else None


def _truth(value: str) -> bool:
    words = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
    if value.lower() not in words:
        raise ValueError
    return words[value.lower()]


_READERS: Mapping[str, tuple[str, Callable[[str], Any]]] = {
    "sslmode": ("ssl", _one_of(_SSL_MODES)),
    "ssl": ("ssl", _one_of(_SSL_MODES)),
    "target_session_attrs": ("target_session_attrs", _one_of(_ROLES)),
    "connect_timeout": ("timeout", _seconds),
    "timeout": ("timeout", _seconds),
    "dbname": ("database", str),
    "database": ("database", str),
    "pgbouncer": ("pgbouncer", _truth),
    **{
        name: (name, _size)
        for name in (*_CACHES, "max_cached_statement_lifetime", "max_cacheable_statement_size")
    },
}
