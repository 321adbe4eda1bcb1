"""Who is turned away is seen: in the log, in the figures of health, by whoever lists what came."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from typer.testing import CliRunner

from tay_middleware.cli.main import app as tay
from tay_middleware.errors import StorageUnavailable
from tay_middleware.payments.signatures import NO_MATCH
from tay_middleware.settings import Settings, load_settings
from tay_middleware.storage import Database
from tay_middleware.storage.desk import turned_away
from tay_middleware.storage.desk.turned_away import TOKENS, Refusal, Times, Told
from tay_middleware.web.app import make_app
from tay_middleware.web.turned_away import OFF, UNKNOWN, TurnedAway, peer_of, sentence
from tests.builders import NOON
from tests.databases import play
from tests.payments import deliveries as d
from tests.web.stage import LIST

STRIPE = "/webhooks/payment"
FORGED = "whsec_of_somebody_else"
GUESSED = f"tay_{'0' * 12}_{'0' * 64}"
HERE = "this machine"

Scene = Callable[[httpx.AsyncClient, FastAPI], Awaitable[Any]]


@pytest.fixture
def with_stripe(tmp_path: Path) -> Settings:
    return load_settings(home=tmp_path / "tay", webhook_secrets={"stripe": d.STRIPE_SECRET})


def served(settings: Settings, scene: Scene) -> Any:
    """What a scene comes to, played to a server of its own."""

    async def whole() -> Any:
        app = make_app(settings, works=False)
        reach = httpx.ASGITransport(app, client=("127.0.0.1", 1))
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=reach, base_url="http://tay.example") as client,
        ):
            return await scene(client, app)

    return asyncio.run(whole())


async def _refused(client: httpx.AsyncClient) -> list[int]:
    """Ten requests, each refused for a reason of its own but the first two."""
    body = d.body_of(d.session())
    forged, token = d.signed(body, secret=FORGED), {"authorization": f"Bearer {GUESSED}"}
    large = b"x" * 2_000_000
    pieces = [b"x" * 100_000] * 20

    async def in_pieces() -> Any:
        for piece in pieces:
            yield piece

    answers = [
        await client.post(STRIPE, content=body, headers=forged),
        await client.post(STRIPE, content=body, headers=forged),
        await client.post(STRIPE, content=body),
        await client.post(STRIPE, content=b"[1]", headers=d.signed(b"[1]")),
        await client.post(STRIPE, content=large, headers=d.signed(large)),
        await client.post(STRIPE, content=in_pieces()),
        await client.post(f"{STRIPE}/shopify", content=body),
        await client.post(f"{STRIPE}/janes_curls", content=body),
        await client.get(LIST, headers=token),
        await client.get(LIST),
    ]
    return [answer.status_code for answer in answers]


def test_each_refusal_is_counted_by_its_sender_and_reason_and_nothing_of_it_is_told(
    with_stripe: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    async def scene(client: httpx.AsyncClient, app: FastAPI) -> Any:
        statuses = await _refused(client)
        here = app.state.context
        await here.turned_away.keep(here.database)
        found = await here.database.read(turned_away.told, here.clock())
        return statuses, found, (await client.get("/readyz")).json()["refused"]

    with caplog.at_level(logging.WARNING, "tay_middleware.web"):
        statuses, found, refused = served(with_stripe, scene)
    assert statuses == [401, 401, 401, 400, 413, 413, 404, 404, 401, 401]
    assert {(one.sender, one.reason): one.times.number for one in found} == {
        ("stripe", NO_MATCH): 2,
        ("stripe", "the header stripe-signature is missing"): 1,
        ("stripe", "the body cannot be read"): 1,
        ("stripe", "the body is too large"): 2,
        ("shopify", OFF): 1,
        (UNKNOWN, "there is none of this name"): 1,
        (TOKENS, "the token is none that was made here"): 1,
        (TOKENS, "there was no token"): 1,
    }
    assert {one.peers for one in found} == {(HERE,)}
    assert refused == 8
    assert f"turned away: 2 deliveries of stripe from {HERE}: {NO_MATCH}" in caplog.text
    told = caplog.text + repr(found)
    assert not any(part in told for part in (GUESSED[4:], "cs_1", "janes_curls", "v1=", "127.0"))


def test_what_was_refused_is_said_beside_the_list_of_what_was_not(
    with_stripe: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene(client: httpx.AsyncClient, _app: FastAPI) -> None:
        await _refused(client)

    served(with_stripe, scene)  # what is left is written down at the end
    monkeypatch.setenv("TAY_HOME", str(with_stripe.home))
    deliveries = CliRunner().invoke(tay, ["webhooks", "list"])
    assert deliveries.stdout == "no delivery yet\n"
    assert "2 deliveries of stripe were refused at " in deliveries.stderr
    assert "TAY_WEBHOOK_SECRETS__STRIPE is not the secret" in deliveries.stderr
    assert "Set TAY_WEBHOOK_SECRETS__SHOPIFY" in deliveries.stderr
    assert "for admins" not in deliveries.stderr
    tokens = CliRunner().invoke(tay, ["tokens", "list"])
    assert len(tokens.stderr.splitlines()) == 2
    assert "1 request for admins was refused at " in tokens.stderr


def test_what_cannot_be_written_down_is_counted_with_what_comes_later(settings: Settings) -> None:
    class Away:
        async def write(self, *_: object) -> None:
            raise StorageUnavailable("away")

    async def scene(_client: httpx.AsyncClient, app: FastAPI) -> list[Told]:
        here, kept = app.state.context, TurnedAway()
        kept.note("stripe", NO_MATCH, "10.0.0.7", NOON)
        with pytest.raises(StorageUnavailable):
            await kept.keep(Away())  # type: ignore[arg-type]  # a database that is away
        kept.note("stripe", NO_MATCH, "10.0.0.7", NOON)
        await kept.keep(here.database)
        await kept.keep(here.database)
        found: list[Told] = await here.database.read(turned_away.told, NOON)
        return found

    times = Times(2, NOON, NOON)
    private = ("a private network",)
    assert served(settings, scene) == [Told("stripe", NO_MATCH, times, private, None)]


class Slow:
    """A database that begins to write, goes on when it is let go, and may be away by then."""

    def __init__(self, database: Database, *, is_away: bool) -> None:
        self._database = database
        self._is_away = is_away
        self.begun, self.let_go = asyncio.Event(), asyncio.Event()

    async def write(self, *what: Any) -> None:
        self.begun.set()
        await self.let_go.wait()
        if self._is_away:
            raise StorageUnavailable("away")
        await self._database.write(*what)


@pytest.mark.parametrize("is_away", [False, True])
def test_who_is_cancelled_in_the_middle_of_a_write_loses_nothing_and_counts_nothing_twice(
    settings: Settings, is_away: bool
) -> None:
    async def scene(_client: httpx.AsyncClient, app: FastAPI) -> list[Told]:
        here, kept = app.state.context, TurnedAway()
        slow = Slow(here.database, is_away=is_away)
        kept.note("stripe", NO_MATCH, "10.0.0.7", NOON)
        keeping = asyncio.create_task(kept.keep(slow))  # type: ignore[arg-type]  # all it asks of one
        await slow.begun.wait()
        kept.note("stripe", NO_MATCH, "10.0.0.7", NOON)
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
        assert keeping.cancelled()
        at_the_end = asyncio.create_task(kept.keep(here.database))
        await asyncio.sleep(0)
        slow.let_go.set()
        await at_the_end
        await kept.keep(here.database)
        found: list[Told] = await here.database.read(turned_away.told, NOON)
        return found

    (one,) = served(settings, scene)
    assert one.times == Times(2, NOON, NOON)


@pytest.mark.parametrize(
    ("address", "peer"),
    [
        ("127.0.0.1", HERE),
        ("::1", HERE),
        ("10.0.0.7", "a private network"),
        ("8.8.8.8", "the internet"),
        ("unknown", "an unknown address"),
    ],
)
def test_of_an_address_only_its_sort_is_kept(address: str, peer: str) -> None:
    assert peer_of(address) == peer


def test_a_sentence_says_since_when_why_and_what_mends_it() -> None:
    later = NOON.replace(hour=18)
    one = Told("stripe", NO_MATCH, Times(12, NOON, later), ("the internet",), NOON)
    assert sentence(one) == (
        f"12 deliveries of stripe were refused from {NOON:%Y-%m-%d} 12:00 to {NOON:%Y-%m-%d} "
        "18:00, from the internet: no signature matches. Either TAY_WEBHOOK_SECRETS__STRIPE is "
        "not the secret that they are signed with, or they are forged. A good one came last at "
        f"{NOON:%Y-%m-%d} 12:00."
    )
    assert one.goes_on


def test_both_databases_add_up_what_several_servers_tell_and_forget_it_after_a_while(
    either_url: str,
) -> None:
    late, old = NOON + timedelta(minutes=5), NOON - turned_away.KEPT - timedelta(days=1)
    forged = Refusal("stripe", NO_MATCH, "the internet")
    off = Refusal("shopify", OFF, HERE)

    async def scene(database: Database) -> Any:
        for at, refusal in ((old, off), (NOON, forged), (NOON, off), (late, forged)):
            found = {(at.date(), refusal): Times(3, at, at)}
            await database.write(turned_away.add, found)
        since = await database.read(turned_away.told, NOON)
        return since, await database.read(turned_away.told, old)

    since, ever = play(either_url, scene)
    assert since == ever
    assert [(one.sender, one.times) for one in since] == [
        ("stripe", Times(6, NOON, late)),
        ("shopify", Times(3, NOON, NOON)),
    ]


def test_a_good_delivery_after_the_last_refusal_ends_the_alarm(with_stripe: Settings) -> None:
    async def scene(client: httpx.AsyncClient, app: FastAPI) -> list[bool]:
        here, goes_on = app.state.context, []
        body = d.body_of(d.session())
        for secret in (FORGED, d.STRIPE_SECRET):
            await client.post(STRIPE, content=body, headers=d.signed(body, secret=secret))
            await here.turned_away.keep(here.database)
            (one,) = await here.database.read(turned_away.told, here.clock())
            goes_on.append(one.goes_on)
        return goes_on

    assert served(with_stripe, scene) == [True, False]
