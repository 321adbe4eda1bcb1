"""Puts the dashboard together: an app of its own below `/dashboard`, whose errors are pages."""

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from tay_middleware.errors import PayloadError, RowRefused, StorageError, TayError
from tay_middleware.web.context import Context
from tay_middleware.web.dashboard import (
    audit,
    door,
    escalations,
    experiments,
    home,
    payments,
    playbook,
    review,
    statics,
)
from tay_middleware.web.dashboard.board import Board
from tay_middleware.web.dashboard.pages import back, base_of, render
from tay_middleware.web.dashboard.visitors import SignedOutError

ROUTERS = (
    *(door.router, statics.router, home.router, escalations.router, experiments.router),
    *(playbook.router, payments.router, review.router, audit.router),
)

TITLES = {
    403: "Not with this token",
    404: "Not here",
    415: "Not a form",
    422: "Not understood",
    429: "Too many requests",
    501: "Not installed",
    503: "Not now",
}
"""What an error's page is called."""


def make_dashboard() -> FastAPI:
    """The app to be mounted; `open_board` must be called before it serves."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    for router in ROUTERS:
        app.include_router(router)
    app.add_exception_handler(SignedOutError, _to_the_door)
    app.add_exception_handler(HTTPException, _of_http)
    app.add_exception_handler(RequestValidationError, _of_validation)
    app.add_exception_handler(TayError, _of_ours)
    app.add_exception_handler(Exception, _of_a_bug)
    return app


def open_board(app: FastAPI, here: Context) -> Board:
    """Give the app what its pages ask for; the board is to be closed with the server."""
    app.state.context = here
    board = app.state.board = Board(here)
    return board


async def _to_the_door(request: Request, _error: Exception) -> Response:
    """Nobody is signed in: let them, and lead them back."""
    wanted = request.url.path.removeprefix(base_of(request)).lstrip("/")
    if request.method != "GET" or not wanted:
        return back(request, "login")
    query = f"?{request.url.query}" if request.url.query else ""
    return back(request, "login", to=f"{wanted}{query}")


async def _of_http(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    return _page(request, error.status_code, str(error.detail))


async def _of_validation(request: Request, _error: Exception) -> Response:
    return _page(request, 404, "there is no such page")


async def _of_ours(request: Request, error: Exception) -> Response:
    if isinstance(error, PayloadError):
        return _page(request, 422, str(error))
    if isinstance(error, RowRefused):
        return _page(request, 422, "a value is refused")
    if isinstance(error, StorageError):
        return _page(request, 503, "the database does not answer; try again in a moment")
    return await _of_a_bug(request, error)


async def _of_a_bug(request: Request, _error: Exception) -> Response:
    return _page(request, 500, "something of ours is wrong; the log says what")


def _page(request: Request, status: int, detail: str) -> Response:
    title = TITLES.get(status, "That did not work")
    values = {"visitor": None, "title": title, "status": status, "detail": detail}
    return render(request, "error.html", values, status)
