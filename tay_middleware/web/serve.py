"""`tay serve` as a process."""

import asyncio
import ipaddress
from datetime import UTC, datetime

import uvicorn

from tay_middleware.errors import ConfigurationError
from tay_middleware.settings import Settings
from tay_middleware.storage import Database, tokens, upgrade
from tay_middleware.storage.schema import check_current
from tay_middleware.web.app import make_app

GRACE_SECONDS = 10
"""How long requests under way may take when the server is told to end."""


def serve(settings: Settings, host: str, port: int, *, works: bool = True) -> None:
    """Serve until SIGTERM or SIGINT.

    Raises:
        ConfigurationError: settings are wrong, or the address is open and nobody has a token.
        StorageError: the database does not answer, or needs `tay db upgrade`.
    """
    asyncio.run(_check(settings, host))
    app = make_app(settings, works=works)
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    server = uvicorn.Server(config)
    server.run()
    if not server.started:
        raise ConfigurationError(f"the server could not start on {host} port {port}")


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


async def _check(settings: Settings, host: str) -> None:
    database = Database(settings.resolved_database_url)
    try:
        if database.is_file:
            await asyncio.to_thread(upgrade, database.url)
        await database.read(check_current)
        guarded = await database.read(tokens.valid, datetime.now(UTC))
    finally:
        await database.aclose()
    if not guarded and not is_loopback(host):
        raise ConfigurationError(
            f"{host} is open to others and nobody has a token yet: run "
            "`tay tokens create --scope read` first, or serve on 127.0.0.1"
        )
