"""`tay serve` as a process."""

import asyncio
import ipaddress
import socket
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import uvicorn

from tay_middleware.errors import ConfigurationError
from tay_middleware.settings import Settings
from tay_middleware.storage import Database, upgrade
from tay_middleware.storage.desk import tokens
from tay_middleware.storage.versions import check_current
from tay_middleware.web import mounting, webhooks
from tay_middleware.web.app import make_app

GRACE_SECONDS = 10
"""How long requests under way may take when the server is told to end."""


def serve(
    settings: Settings,
    host: str,
    port: int,
    *,
    works: bool = True,
    trusted_proxies: Sequence[str] = (),
    say: Callable[[str], None] = lambda _line: None,
) -> None:
    """Serve until SIGTERM or SIGINT.

    Args:
        settings: the operator's knobs.
        host: the address to listen on.
        port: the port.
        works: whether this process handles the inbox too.
        trusted_proxies: addresses or networks whose `X-Forwarded-For` and `-Proto` are believed;
            none given: this machine's own, or what `FORWARDED_ALLOW_IPS` says.
        say: told in a few lines what is served, once it is.

    Raises:
        ConfigurationError: settings are wrong, or the address is open and nobody has a token.
        StorageError: the database does not answer, or needs `tay db upgrade`.
    """
    guarded = asyncio.run(_check(settings, host))
    app = make_app(settings, works=works)
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=False,
        forwarded_allow_ips=list(trusted_proxies) or None,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    server = _Announced(config, lambda: _tell(settings, host, port, say, guarded=guarded))
    try:
        server.run()
    except SystemExit:  # uvicorn's way to say that it could not; its log has said why
        if server.started:
            raise
    if not server.started:
        raise ConfigurationError(
            f"cannot serve on {host} port {port}; if another program has it, take another --port"
        )


class _Announced(uvicorn.Server):
    """A server that says so once it listens."""

    def __init__(self, config: uvicorn.Config, announce: Callable[[], None]) -> None:
        super().__init__(config)
        self._announce = announce

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._announce()


def _tell(
    settings: Settings, host: str, port: int, say: Callable[[str], None], *, guarded: bool
) -> None:
    """What is on and what is off, so that nobody has to guess."""
    senders = webhooks.senders(settings)
    on = ", ".join(name for name, is_on in senders.items() if is_on)
    off = ", ".join(name for name, is_on in senders.items() if not is_on)
    where = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    say(f"serving on {where}")
    say(f"dashboard: {where}{mounting.PATH}")
    say(f"webhooks: {on or 'none'}{f'; off without a secret: {off}' if off else ''}")
    if settings.public_url is None:
        say("links of mentions are not counted: TAY_PUBLIC_URL is not set")
    if not guarded:
        say("nobody has a token yet: tay tokens create --scope read --scope write")


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


async def _check(settings: Settings, host: str) -> bool:
    """Whether anybody has a token; a database that cannot be served is told."""
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
    return guarded
