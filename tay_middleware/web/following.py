"""Takes a playbook that was wrong at the start and is mended while the server serves."""

import logging
from collections.abc import Callable
from dataclasses import replace

from fastapi import FastAPI

from tay_middleware.engine.standing import Mending
from tay_middleware.payments.terms import terms_of
from tay_middleware.web.context import Context
from tay_middleware.web.mounting import Mounted

_log = logging.getLogger("tay_middleware.web")


async def follow(
    app: FastAPI,
    dashboard: Mounted,
    mending: Mending,
    begin: Callable[[Context], None],
    look_seconds: float,
) -> None:
    """Wait for it, and go by it from the next request on; a request under way ends as it began.

    Args:
        app: whose context is another one then.
        dashboard: beside it.
        mending: what is wrong.
        begin: begins anew what works by the playbook beside the requests.
        look_seconds: between two looks.
    """
    playbook = await mending.mended(look_seconds)
    former: Context = app.state.context
    if playbook.version == former.playbook.version:
        return
    here = replace(former, playbook=playbook, terms=terms_of(former.settings, playbook))
    if here.worker is not None:
        here.worker.go_by(here.terms)
    app.state.context = here
    dashboard.go_by(here)
    begin(here)
    _log.warning("tay serve goes by version %s of the playbook now", playbook.version)
