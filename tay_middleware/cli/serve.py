"""`tay serve`: the admin API, webhooks, tracked links."""

import logging
from functools import partial
from typing import Annotated

import typer

from tay_middleware.errors import ConfigurationError
from tay_middleware.settings import load_settings


def serve(
    host: Annotated[str, typer.Option(help="address to listen on")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="port to listen on")] = 8000,
    trusted_proxy: Annotated[
        list[str] | None,
        typer.Option(
            help="address or network of a proxy whose X-Forwarded-For and -Proto are believed; "
            "default: this machine's own",
            metavar="ADDRESS...",
        ),
    ] = None,
    no_worker: Annotated[
        bool,
        typer.Option(
            "--no-worker", help="leave the inbox to other processes (`tay webhooks work`)"
        ),
    ] = False,
) -> None:
    """Serve the dashboard, the admin API, payment webhooks, tracked links and feedback.

    Reads TAY_DATABASE_URL; the embedded default migrates itself. Ends on SIGTERM or Ctrl-C after
    the requests under way. Make a token first: tay tokens create --scope read --scope write
    """
    try:
        from tay_middleware.web.serve import serve as run  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f"{error.name} is not installed: pip install 'tay-middleware[web]'"
        ) from error
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    run(
        load_settings(),
        host,
        port,
        works=not no_worker,
        trusted_proxies=trusted_proxy or (),
        say=partial(typer.echo, err=True),
    )
