"""Mounts the dashboard where Jinja2 is installed; without it the API serves all the same."""

import asyncio
import gc
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from starlette.exceptions import HTTPException

from tay_middleware.web.context import Context

if TYPE_CHECKING:
    from tay_middleware.web.dashboard.board import Board

PATH = "/dashboard"


@dataclass(frozen=True, slots=True)
class Mounted:
    """The dashboard of one server; `app` is `None` where it is not installed."""

    app: Any
    policies: Mapping[str, bytes]

    @asynccontextmanager
    async def running(self, here: Context) -> AsyncIterator[None]:
        """Let it work for as long as the server does."""
        if self.app is None:
            yield
            return
        from tay_middleware.web.dashboard.app import open_board  # noqa: PLC0415 - needs Jinja2

        board = open_board(self.app, here)
        warming = asyncio.create_task(_warmed(board))
        try:
            yield
        finally:
            warming.cancel()
            await board.aclose()

    def go_by(self, here: Context) -> None:
        """Go by a context that takes the place of the one before, while the server serves."""
        if self.app is not None:
            self.app.state.context = here
            self.app.state.board.go_by(here)


async def _warmed(board: "Board") -> None:
    """Wait until everything is loaded that a server keeps for its life, and let it lie.

    The collector would walk it again and again, 200 ms in which no page is answered, and find
    nothing.
    """
    await board.begin()
    await board.verdicts.settled()
    gc.freeze()


def mount(app: FastAPI) -> Mounted:
    """Mount the dashboard, or what says how to install it."""
    try:
        from tay_middleware.web.dashboard.app import make_dashboard  # noqa: PLC0415 - as above
        from tay_middleware.web.dashboard.pages import POLICY  # noqa: PLC0415 - as above
    except ModuleNotFoundError as error:
        app.add_api_route(PATH, _missing(str(error.name)), include_in_schema=False)
        return Mounted(None, {})
    dashboard = make_dashboard()
    app.mount(PATH, dashboard)
    return Mounted(dashboard, {PATH: POLICY})


def _missing(name: str) -> Any:
    async def missing() -> None:
        raise HTTPException(501, f"{name} is not installed: pip install 'tay-middleware[web]'")

    return missing
