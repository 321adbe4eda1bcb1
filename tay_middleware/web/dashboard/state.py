"""How a page reaches the board."""

from typing import Annotated

from fastapi import Depends, Request

from tay_middleware.web.dashboard.board import Board


async def board_of(request: Request) -> Board:
    """The board of the app that serves a request."""
    board: Board = request.app.state.board
    return board


Desk = Annotated[Board, Depends(board_of)]
"""A page's way to what is made beside the requests."""
