"""The dashboard of a simulated month, served in this process on a clock that is handed in."""

import asyncio
import re
import shutil
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import uvicorn
from fastapi import FastAPI
from sqlalchemy import update
from starlette.routing import Mount

from tay_middleware.payments.inbox import InboxWorker
from tay_middleware.payments.terms import terms_of
from tay_middleware.playbook import load_playbook
from tay_middleware.settings import Settings, load_settings
from tay_middleware.simulate import Order, simulate
from tay_middleware.storage import Database
from tay_middleware.storage.desk import tokens
from tay_middleware.storage.desk.tokens import Scope
from tay_middleware.storage.outbox.refusals import refusals_of
from tay_middleware.storage.reading import sales, trends
from tay_middleware.storage.sql import escalation_logs, question_logs
from tay_middleware.storage.transaction import Transaction
from tay_middleware.web.app import make_app
from tay_middleware.web.context import Context
from tay_middleware.web.dashboard.app import open_board
from tay_middleware.web.intake import Intake
from tay_middleware.web.rates import Rates
from tay_middleware.web.tokens import make_token
from tests.payments.deliveries import STRIPE_SECRET, body_of, session, signed
from tests.servers import wait_until
from tests.uncounted import uncounted

MONDAY = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)
"""When somebody looks: the morning after the last simulated night."""

ROOT = "/dashboard"


@dataclass
class Clock:
    """A time that stands until it is moved, but for a millisecond a look: ids follow it."""

    now: datetime = MONDAY

    def __call__(self) -> datetime:
        self.now += timedelta(milliseconds=1)
        return self.now


def simulated(home: Path, *, users: int, days: int = 30, database_url: str | None = None) -> Path:
    """A home with a simulated month up to the night before `MONDAY`."""
    end = MONDAY.replace(hour=0, minute=0)
    order = Order(until=end, users=users, days=days, seed=7, home=home, database_url=database_url)
    with uncounted():
        simulate(order)
    return home


def settings_of(home: Path, database_url: str | None = None) -> Settings:
    """How `tay serve` would look at a simulated home."""
    return load_settings(
        home=home,
        database_url=database_url,
        prompts_dir=home / "prompts",
        user_key_secret=(home / "user_key_secret").read_text().strip(),
        public_url="https://tay.example",
        webhook_secrets={"stripe": STRIPE_SECRET},
        encoder="off",
    )


class Served:
    """A running server; `url` is where its dashboard is. Nothing of it outlives `stop`."""

    def __init__(self, settings: Settings, *, clock: Clock | None = None) -> None:
        self.settings, self.clock = settings, clock or Clock()
        self.app: FastAPI = make_app(settings, works=False)
        self.dashboard = _dashboard(self.app)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.origin = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self.url = f"{self.origin}{ROOT}"
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._server = uvicorn.Server(
            uvicorn.Config(self.app, lifespan="off", log_level="error", access_log=False)
        )
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.context: Context | None = None
        self.clients: list[httpx.Client] = []

    def start(self) -> "Served":
        self._thread.start()
        assert self._ready.wait(30)
        return self

    def stop(self) -> None:
        for client in self.clients:
            client.close()
        self._server.should_exit = True
        self._thread.join(30)
        assert not self._thread.is_alive()
        self._loop.close()

    def ask(self, function: Any, *args: Any, **kwargs: Any) -> Any:
        """What a function of a transaction gives."""
        return self._done("read", function, *args, **kwargs)

    def change(self, function: Any, *args: Any, **kwargs: Any) -> Any:
        """The same, and what it wrote is kept."""
        return self._done("write", function, *args, **kwargs)

    def _done(self, way: str, function: Any, *args: Any, **kwargs: Any) -> Any:
        assert self.context is not None
        asked = getattr(self.context.database, way)(function, *args, **kwargs)
        return asyncio.run_coroutine_threadsafe(asked, self._loop).result(60)

    def rewrite(self, mention: UUID, **values: Any) -> None:
        """Let a mention, and its question, say something else."""

        def write(transaction: Transaction) -> None:
            for table in (escalation_logs, question_logs):
                known = {name: value for name, value in values.items() if name in table.c}
                transaction.execute(update(table).where(table.c.id == mention).values(**known))

        self.change(write)

    def buy(self, name: str, **checkout: Any) -> UUID:
        """Let somebody buy whom nothing leads to; the purchase."""
        ids = {"id": f"cs_{name}", "payment_intent": f"pi_{name}", "customer": f"cus_{name}"}
        sent = session(name, **(ids | checkout))
        body = body_of(sent | {"created": int(self.clock().timestamp())})
        answer = httpx.post(
            f"{self.origin}/webhooks/payment",
            content=body,
            headers=signed(body, now=self.clock()),
            timeout=30,
        )
        assert answer.status_code == 200, answer.text
        self.settle()
        rows = self.ask(sales.purchases, kind=None, before=None, limit=20)
        keys = self.ask(sales.references, [row.purchase_key for row in rows])
        known: dict[str, UUID] = {key: row.id for row in rows for key in keys[row.purchase_key]}
        return next(found for key, found in known.items() if key.endswith(f":cs_{name}"))

    def until(self, ready: Callable[[], bool]) -> None:
        """Wait for what is made beside the requests."""
        wait_until(ready, "the board", 60)

    def settle(self) -> None:
        """Wait until nothing is left in the inbox."""
        wait_until(lambda: self.ask(trends.owed, self.clock()).waiting == 0, "inbox", 30)

    def token(self, *scopes: Scope, name: str = "Robin") -> str:
        """A new token."""
        made = make_token(name, scopes, now=self.clock(), lifetime=None)
        self.change(tokens.add, made.row)
        return made.token

    def visitor(self, *scopes: Scope) -> "Visitor":
        """Somebody who has signed in."""
        visitor = Visitor(self)
        assert visitor.sign_in(self.token(*(scopes or tuple(Scope)))).status_code == 303
        return visitor

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())
        self._loop.run_until_complete(self._loop.shutdown_default_executor())

    async def _serve(self) -> None:
        playbook = load_playbook(self.settings.prompts_dir)
        database = Database(self.settings.resolved_database_url)
        terms = terms_of(self.settings, playbook)
        worker = InboxWorker(database, terms, clock=self.clock)
        self.context = self.app.state.context = Context(
            settings=self.settings,
            playbook=playbook,
            database=database,
            refusals=refusals_of(self.settings, database),
            terms=terms,
            worker=worker,
            intake=Intake(database),
            rates=Rates(),
            secret=self.settings.user_key_bytes(),
            clock=self.clock,
        )
        board = open_board(self.dashboard, self.context)
        working = asyncio.create_task(worker.run())
        first = board.begin()
        self._ready.set()
        await self._server.serve([self._socket])
        worker.stop()
        await asyncio.gather(working, first, return_exceptions=True)
        await board.aclose()
        await self.context.refusals.aclose()
        await database.aclose()


def _dashboard(app: FastAPI) -> FastAPI:
    found = next(one for one in app.routes if isinstance(one, Mount) and one.path == ROOT)
    assert isinstance(found.app, FastAPI)
    return found.app


def copied(home: Path, to: Path) -> Path:
    """A home of one's own, to be written into."""
    return Path(shutil.copytree(home, to))


class Visitor:
    """A browser without eyes: keeps cookies, follows no redirect, sends the forms it was shown."""

    def __init__(self, served: Served) -> None:
        self.served = served
        self.client = httpx.Client(base_url=served.url, timeout=30)
        served.clients.append(self.client)

    def get(self, path: str, **query: str) -> httpx.Response:
        return self.client.get(path, params=query or None)

    def page(self, path: str, **query: str) -> str:
        """The text of a page that must be there."""
        answer = self.get(path, **query)
        assert answer.status_code == 200, f"{path}: {answer.status_code}\n{answer.text}"
        return answer.text

    def sign_in(self, token: str, to: str = "") -> httpx.Response:
        return self.send("/login", {"token": token, "to": to}, proof=proof_in(self.page("/login")))

    def send(
        self, path: str, form: Mapping[str, str], *, proof: str | None = None, **headers: str
    ) -> httpx.Response:
        """Send a form, with the proof of this session unless another is given."""
        if proof is None:
            proof = proof_in(self.page("/review"))
        data = {**form, "proof": proof}
        return self.client.post(path, data=data, headers=headers)


def proof_in(page: str) -> str:
    """The proof that a page's forms carry."""
    found = re.search(r'name="proof" value="([0-9a-f]+)"', page)
    assert found is not None, page
    return found[1]


def text_of(page: str) -> str:
    """What a reader sees of a page, more or less: no tags, blanks as one."""
    body = re.sub(r"<(script|style|svg)\b.*?</\1>", " ", page, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", body)).split())
