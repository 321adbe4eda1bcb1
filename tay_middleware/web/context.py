"""What all endpoints share; handed to them by FastAPI's `Depends`."""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request

from tay_middleware.domain import uuid7
from tay_middleware.engine.identity import key_of
from tay_middleware.payments.inbox import InboxWorker
from tay_middleware.payments.terms import Terms
from tay_middleware.playbook import Playbook
from tay_middleware.settings import Settings
from tay_middleware.storage import Database
from tay_middleware.storage.outbox.refusals import Refusals
from tay_middleware.web.beside import Beside
from tay_middleware.web.intake import Intake
from tay_middleware.web.on_disk import FOLLOWING, Looks, Seen
from tay_middleware.web.rates import Rates
from tay_middleware.web.turned_away import TurnedAway


@dataclass(frozen=True, slots=True)
class Context:
    """The parts of one running server. `worker` is `None` where another process has it."""

    settings: Settings
    playbook: Playbook
    database: Database
    refusals: Refusals
    terms: Terms
    worker: InboxWorker | None
    intake: Intake
    rates: Rates
    secret: bytes
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    random_bits: Callable[[int], int] = secrets.randbits
    beside: Beside = field(default_factory=Beside)
    turned_away: TurnedAway = field(default_factory=TurnedAway)
    looks: Looks = field(default_factory=Looks)

    def new_id(self, now: datetime) -> UUID:
        """An id that begins with the time."""
        return uuid7(now, self.random_bits(74))

    async def on_disk(self) -> Seen:
        """What lies in `prompts/`, beside the playbook that is in force."""
        return await asyncio.to_thread(
            self.looks.look,
            self.settings,
            self.playbook,
            is_followed=self.beside.is_at(FOLLOWING),
        )

    def key_of_user(self, user_id: str) -> str:
        """The key under which the engine keeps a user; of an empty id none."""
        return key_of(self.secret, user_id=user_id) or ""

    def key_of_session(self, session_id: str) -> str:
        """The key under which the engine keeps a session whose user is not known."""
        return key_of(self.secret, session_id=session_id) or ""


async def of_request(request: Request) -> Context:
    """The context of the app that serves a request; async, or FastAPI would run it on a thread."""
    context: Context = request.app.state.context
    return context


Here = Annotated[Context, Depends(of_request)]
"""An endpoint's way to everything it needs."""
