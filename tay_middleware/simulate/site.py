"""The real server in this process, on the simulation's clock: webhooks, links, feedback."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

import httpx

from tay_middleware.domain import uuid7
from tay_middleware.errors import TayError
from tay_middleware.payments.inbox import InboxWorker
from tay_middleware.payments.terms import terms_of
from tay_middleware.playbook import Playbook
from tay_middleware.settings import Settings
from tay_middleware.simulate.shop import Delivery
from tay_middleware.storage import Database
from tay_middleware.storage.desk import tokens
from tay_middleware.storage.desk.tokens import Scope
from tay_middleware.storage.outbox.refusals import EmbeddedRefusals
from tay_middleware.web.app import make_app
from tay_middleware.web.context import Context
from tay_middleware.web.intake import Intake
from tay_middleware.web.rates import Rates
from tay_middleware.web.tokens import make_token

BROWSER = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1 Safari/604.1"
"""What opens a link: a person's telephone."""


class Site:
    """The app of `tay serve`, asked without a socket; its worker works when it is told to.

    Its lifespan never runs: that would start a worker and a guard on the real clock.
    """

    def __init__(
        self,
        settings: Settings,
        playbook: Playbook,
        database: Database,
        history: Database,
        *,
        clock: Callable[[], datetime],
        random: Random,
    ) -> None:
        """Make a server.

        Args:
            settings: with the secrets of `shop`.
            playbook: the offers.
            database: where inbox and log are.
            history: where the engine's history is, for users who say stop.
            clock: the time now.
            random: for ids.
        """
        self._database, self._clock, self._random = database, clock, random
        terms = terms_of(settings, playbook)
        self._worker = InboxWorker(database, terms, clock=clock, random=random)
        self._app = make_app(settings, works=False)
        self._app.state.context = Context(
            settings=settings,
            playbook=playbook,
            database=database,
            refusals=EmbeddedRefusals(history),
            terms=terms,
            worker=None,
            intake=Intake(database),
            rates=Rates(),
            secret=settings.user_key_bytes(),
            clock=clock,
            random_bits=random.getrandbits,
        )
        self._client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=self._app), base_url="http://simulated.invalid"
        )
        self._token = ""
        self._token_id = ""

    async def open(self, lifetime: timedelta) -> None:
        """Make the token by which an app hands on what its users say."""
        made = make_token(
            "simulation",
            [Scope.FEEDBACK],
            now=self._clock(),
            lifetime=lifetime,
            random_bytes=self._random.randbytes,
        )
        self._token, self._token_id = made.token, made.row["id"]
        await self._database.write(tokens.add, made.row)

    async def aclose(self) -> None:
        """Revoke the token, and let go of the client."""
        await self._database.write(tokens.revoke, self._token_id, self._clock())
        await self._client.aclose()

    def new_day(self) -> None:
        """Forget who asked how often: a day of ours is a moment of the server's."""
        self._app.state.context = replace(self._app.state.context, rates=Rates())

    def new_id(self) -> UUID:
        """An id that begins with the time."""
        return uuid7(self._clock(), self._random.getrandbits(74))

    async def deliver(self, delivery: Delivery) -> None:
        """Post what a payment provider sends, and let the worker handle it."""
        path = f"/webhooks/payment/{delivery.provider}"
        headers = {**delivery.headers, "content-type": "application/json"}
        await self._sent("POST", path, headers=headers, content=delivery.body)
        await self._worker.work_off()

    async def click(self, token: str) -> None:
        """Follow a tracked link."""
        await self._sent("GET", f"/r/{token}", headers={"user-agent": BROWSER})

    async def say(self, escalation_id: UUID, **said: object) -> None:
        """Hand on what a user says of a mention."""
        await self._sent(
            "POST",
            "/api/v1/feedback",
            headers={"authorization": f"Bearer {self._token}"},
            json={"escalation_id": str(escalation_id), **said},
        )

    async def _sent(self, method: str, path: str, **content: object) -> None:
        answer = await self._client.request(method, path, **content)  # type: ignore[arg-type]  # one of httpx's three ways to give content, by name
        if answer.status_code >= 400:
            raise TayError(f"{method} {path} was answered {answer.status_code}: {answer.text}")
