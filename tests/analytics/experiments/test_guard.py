import secrets
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select

from tay_middleware.analytics.experiments.guard import Watched, guard, watch
from tay_middleware.domain import uuid7
from tay_middleware.engine import Escalator, Reply
from tay_middleware.playbook import Playbook
from tay_middleware.settings import Settings, load_settings
from tay_middleware.storage import Database, Outbox, open_store
from tay_middleware.storage.desk import pauses as sql
from tay_middleware.storage.drain import Drain
from tay_middleware.storage.ledger import apply
from tay_middleware.storage.outbox.link import close_client, make_client
from tay_middleware.storage.outbox.pause_board import publish
from tay_middleware.storage.outbox.wire import turn_event
from tay_middleware.storage.payments.touches import note_feedback
from tay_middleware.storage.sql import escalation_logs
from tay_middleware.storage.turns.events import read_event
from tests.analytics.experiments.rows import DAY, NOBODY, Play
from tests.builders import NOON
from tests.databases import migrated, play
from tests.storage.records import a_record

NEED = "Can you review my pricing structure and tell me what's wrong?"
NO = "no thanks, I'm not looking for a mentorship, please don't sell me anything"
FINE = "how do i pluck a hairline"
BAD = "mentorship.gentle.any.B"
ANSWER = Reply("Start with one honest hour, and divide what is left by it.")


class Town:
    """An engine, people who talk to it, and somebody who keeps guard."""

    def __init__(self, settings: Settings, playbook: Playbook) -> None:
        self.settings, self.playbook, self.now = settings, playbook, NOON
        outbox = Outbox.of(settings)
        url = settings.resolved_database_url
        self.engine = Escalator(
            playbook,
            lambda: open_store(url, history_turns=20, outbox=outbox),
            settings,
            clock=lambda: self.now,
        )

    def ask(self, user: str, question: str) -> str | None:
        """What wording a user got."""
        self.now += timedelta(seconds=31)
        turn = self.engine.turn(question=question, user_id=user, session_id="s")
        outcome = self.engine.begin(turn).settle(ANSWER)
        assert self.engine.flush(10)
        assert outcome.decision is not None
        return outcome.decision.template if outcome.addition else None

    def meet(self, users: range, *, bad: int) -> None:
        """Users ask; of those who get the bad wording the first `bad` say no, the others go on."""
        for number in users:
            if self.ask(f"user-{number}", NEED) == BAD and bad:
                self.ask(f"user-{number}", NO)
                bad -= 1
            else:
                self.ask(f"user-{number}", FINE)

    def on_database(self, work: Callable[[Database], Any]) -> Any:
        async def run(database: Database) -> Any:
            outbox = Outbox.of(self.settings)
            if outbox is not None:
                client = make_client(outbox.redis_url, patience_seconds=5)
                await Drain(client, database).run(once=True)
                await close_client(client)
            return await work(database)

        return play(self.settings.resolved_database_url, run)

    def guard(self) -> dict[str, Watched]:
        async def look(database: Database) -> Any:
            return await guard(
                database,
                self.playbook,
                self.settings,
                now=self.now + timedelta(seconds=1),
                new_id=lambda: uuid7(self.now, secrets.randbits(74)),
            )

        return {one.name: one for one in self.on_database(look)}

    def told(self, function: Callable[..., Any], *args: Any, **more: Any) -> Any:
        async def change(database: Database) -> Any:
            done = await database.write(function, *args, **more)
            await publish(self.settings, database, NOON)
            return done

        return self.on_database(change)


@pytest.fixture(params=["embedded", "redis and postgres"])
def town(request: pytest.FixtureRequest, tmp_path: Path, playbook: Playbook) -> Iterator[Town]:
    more: dict[str, Any] = {}
    if request.param != "embedded":
        more = {
            "redis_url": request.getfixturevalue("redis_url"),
            "database_url": request.getfixturevalue("postgres_url"),
            "redis_timeout_seconds": 5,
        }
    settings = load_settings(
        home=tmp_path / "tay",
        user_key_secret="a secret of the tests, long enough",  # noqa: S106 - of tests
        grace_seconds=5,
        recall_timeout_seconds=5,
        scorer="off",
        **more,
    )
    if not more:
        migrated(settings.resolved_database_url)
    made = Town(settings, playbook)
    yield made
    made.engine.close()


def test_a_wording_that_too_many_say_no_to_is_paused_in_the_running_chat_and_can_come_back(
    town: Town,
) -> None:
    town.meet(range(150), bad=22)
    found = town.guard()
    seen = found[BAD]
    assert (seen.bad, seen.is_paused, seen.is_new) == (22, True, True)
    assert seen.users >= 22
    assert [name for name, one in found.items() if one.is_paused] == [BAD]

    (trail,) = town.told(sql.history, NOON)
    assert (trail.name, trail.subject, trail.paused_by) == (BAD, "template", "auto-pause")
    assert (
        trail.reason
        == f"22 of {seen.users} users reacted badly, {22 / seen.users:.0%}; 10% is the limit"
    )
    assert trail.figures["users"] == seen.users

    town.ask("somebody", FINE)
    shown = {town.ask(f"new-{number}", NEED) for number in range(30)}
    assert shown == {"mentorship.gentle.any.A", "mentorship.gentle.any.C"}

    again = town.guard()[BAD]
    assert (again.is_paused, again.is_new) == (True, False)

    assert town.told(sql.lift, BAD, town.now, by="me", note="mended")
    assert BAD not in {name for name, one in town.guard().items() if one.is_paused}
    town.ask("somebody", FINE)
    assert BAD in {town.ask(f"later-{number}", NEED) for number in range(30)}
    (trail,) = town.told(sql.history, NOON)
    assert (trail.lifted_by, trail.note) == ("me", "mended")


WORDING, OFFER = "mentorship.gentle.any.A", "mentorship"


def shown_again(play: Play, playbook: Playbook, *, hated: tuple[bool, bool]) -> dict[str, Watched]:
    """A hundred users see a wording, then it is paused and resumed, then they see it again.

    `hated` is whether they say so the first and the second time.
    """
    times = [
        [a_record(1_000 * time + n, at=NOON + 6 * time * DAY, user=f"u{n}") for n in range(100)]
        for time in range(2)
    ]

    def resume(connection: Connection) -> None:
        sql.pause(
            connection,
            pause_id=NOBODY,
            subject=sql.Subject.TEMPLATE,
            name=WORDING,
            now=NOON + 4 * DAY,
            by="auto-pause",
            reason="disliked",
            figures={},
        )
        sql.lift(connection, WORDING, NOON + 5 * DAY, by="me", note="mended")

    def say(connection: Connection) -> None:
        for records, bad in zip(times, hated, strict=True):
            for one in records if bad else ():
                word = {"escalation_id": one.id, "user_key": one.turn.user_key, "note": None}
                at = one.answered_at
                note_feedback(connection, {**word, "helpful": False, "stop": True, "at": at})

    async def scene(database: Database) -> list[Watched]:
        events = [read_event("turn", turn_event(one)) for records in times for one in records]
        await database.write(apply, events, range(64), NOON)
        await database.write(resume)
        await database.write(say)
        return await database.read(watch, playbook, NOON + 7 * DAY)

    return {one.name: one for one in play(scene)}


def test_a_wording_that_came_back_is_guarded_against_those_who_saw_it_before(
    play: Play, playbook: Playbook
) -> None:
    found = shown_again(play, playbook, hated=(True, True))
    assert (found[WORDING].users, found[WORDING].bad) == (100, 100)
    assert OFFER not in found, "the wording is what people dislike, and goes alone"


def test_what_was_said_of_a_wording_before_it_came_back_is_held_against_nothing(
    play: Play, playbook: Playbook
) -> None:
    found = shown_again(play, playbook, hated=(True, False))
    assert {name: (one.users, one.bad) for name, one in found.items()} == {
        WORDING: (100, 0),
        OFFER: (100, 0),
    }


def test_what_few_say_no_to_goes_on(town: Town) -> None:
    town.meet(range(90), bad=4)
    assert not any(one.is_paused for one in town.guard().values())


@pytest.fixture
def embedded(tmp_path: Path, playbook: Playbook) -> Iterator[Town]:
    settings = load_settings(
        home=tmp_path / "tay", grace_seconds=5, recall_timeout_seconds=5, scorer="off"
    )
    made = Town(settings, playbook)
    yield made
    made.engine.close()


def test_feedback_and_complaints_count_and_each_user_counts_once(embedded: Town) -> None:
    assert embedded.ask("ada", NEED)
    embedded.ask("ada", "this is the worst app ever, I want to complain about your service")

    def said(connection: Connection, now: datetime) -> None:
        for row in connection.execute(select(escalation_logs)).all():
            word = {"escalation_id": row.id, "user_key": row.user_key, "helpful": False}
            note_feedback(connection, {**word, "stop": False, "note": None, "at": now})

    embedded.told(said, embedded.now)
    offer = embedded.guard()["mentorship"]
    assert (offer.users, offer.bad) == (1, 1)
    assert not offer.is_paused, "one user is not enough"


def test_a_no_much_later_or_after_another_message_is_no_reaction(embedded: Town) -> None:
    assert embedded.ask("ada", NEED)
    embedded.ask("ada", FINE)
    embedded.ask("ada", NO)
    assert embedded.ask("bea", NEED)
    embedded.now += timedelta(hours=30)
    embedded.ask("bea", NO)
    offer = embedded.guard()["mentorship"]
    assert (offer.users, offer.bad) == (2, 0)


def test_without_a_limit_nothing_is_looked_at(embedded: Town) -> None:
    embedded.ask("ada", NEED)
    rules = embedded.playbook.policy.auto_pause.model_copy(update={"limit": None})
    policy = embedded.playbook.policy.model_copy(update={"auto_pause": rules})
    embedded.playbook = replace(embedded.playbook, policy=policy)
    assert embedded.guard() == {}
