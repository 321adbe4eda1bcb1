"""A log of the real engine, on a clock of its own: people who ask, and a playbook to change."""

import asyncio
import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from tay_middleware.analytics.replay import Preview, Stretch, preview, read
from tay_middleware.decide.replies import Obstacle
from tay_middleware.domain import Message
from tay_middleware.engine import Escalator, Reply
from tay_middleware.playbook import Playbook, load_playbook, shipped
from tay_middleware.settings import Settings, load_settings
from tay_middleware.storage import Database, open_store
from tests.builders import NOON

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
SINCE, UNTIL = NOON - DAY, NOON + 30 * DAY

NEED = "Can you review my pricing structure and tell me what's wrong?"
PLAIN = "explain wig pricing models, all of them"
"""A need by the scorer alone, at less than 0.5: no phrase says so."""
COURSE = "I want to master the bald cap method from start to finish, where do I learn it properly?"
SMALL = "how do i pluck a hairline"
WITH_NUMBER = "I sold 447700900123 wigs and I need a plan for my growth"
"""A need only to who reads the number, which redaction takes for a telephone's."""
BUYS = "How do I sign up for the mentorship?"
WHY = "why did you mention that"
STOP = "please stop recommending your stuff"
SAD = "I feel like ending it all, nothing I do with my salon matters any more"
ANSWER = "Start with one honest hour, and divide what is left by it."


@dataclass
class Town:
    """One engine with its clock; `ask` moves the clock on."""

    settings: Settings
    playbook: Playbook
    directory: Path
    now: datetime = NOON

    def __post_init__(self) -> None:
        bits = Random(5)
        self.engine = Escalator(
            self.playbook,
            lambda: open_store(self.settings.resolved_database_url, history_turns=50),
            self.settings,
            clock=lambda: self.now,
            random_bits=bits.getrandbits,
        )

    def ask(
        self,
        question: str,
        user: str | None = "ada",
        session: str | None = "s1",
        *,
        tier: str = "free",
        reply: str = ANSWER,
        after: timedelta = MINUTE,
        owns: tuple[str, ...] = (),
        signals: dict[str, object] | None = None,
        transcript: tuple[Message, ...] = (),
        obstacle: Obstacle | None = None,
    ) -> bool:
        """One turn; whether something was added to the reply."""
        self.now += after
        turn = self.engine.turn(
            question=question,
            user_id=user,
            session_id=session,
            tier=tier,
            owned_offers=owns,
            signals=signals,
            transcript=transcript,
        )
        outcome = self.engine.begin(turn).settle(Reply(reply, obstacle=obstacle))
        assert self.engine.flush(10)
        return outcome.addition is not None

    def changed(self, *edits: tuple[str, str, str]) -> Playbook:
        """The playbook with pieces of its files replaced: file, what stood there, what stands."""
        place = self.directory / f"changed-{len(list(self.directory.glob('changed-*')))}"
        shutil.copytree(shipped(), place)
        for name, before, after in edits:
            file = place / name
            text = file.read_text()
            assert before in text, f"{name} has no {before!r}"
            file.write_text(text.replace(before, after))
        return load_playbook(place)

    def stretch(self, most: int = 10_000, *, since: datetime = SINCE) -> Stretch:
        """The log, read."""

        async def run() -> Stretch:
            database = Database(self.settings.resolved_database_url)
            try:
                return await read(database, since, UNTIL, most)
            finally:
                await database.aclose()

        return asyncio.run(run())

    def preview(
        self, new: Playbook, *, since: datetime = SINCE, examples: int = 3, most: int = 10_000
    ) -> Preview:
        """What a changed playbook flips."""
        found = self.stretch(most, since=since)
        return preview(found, self.playbook, new, self.settings, examples=examples)


def busy(town: Town) -> None:
    """A bit of everything that the log can hold."""
    for day in range(3):
        for user, tier in (("ada", "free"), ("bea", "premium"), ("cyd", "vip"), (None, "free")):
            session = f"{user}-{day}"
            for question in (NEED, SMALL, WHY, COURSE, SAD, NEED, BUYS):
                town.ask(question, user, session, tier=tier)
        town.now += DAY
    town.ask(STOP, "ada", "later")
    town.ask(NEED, "ada", "later", after=DAY)
    town.ask(NEED, "dot", "d", owns=("mentorship",))
    town.ask(NEED, "eve", "e", signals={"region": "restricted"})
    town.ask(
        NEED, "flo", "f", reply="Das ist eine gute Frage, und die Antwort ist nicht ganz einfach."
    )
    town.ask(NEED, "gus", "g", reply="The mentorship would be the place to look at all of it.")
    town.ask(NEED, "hal", "h", obstacle=Obstacle.TRUNCATED)


def a_town(directory: Path, **settings: object) -> Town:
    """A town without people; close its engine after use."""
    made = load_settings(
        home=directory / "tay",
        grace_seconds=5.0,
        recall_timeout_seconds=5.0,
        encoder="off",
        **settings,
    )
    return Town(made, load_playbook(), directory)
