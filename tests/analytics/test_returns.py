"""What mentions do to returns is not said where they do nothing, however often people come."""

import random
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, insert

from tay_middleware.analytics.catalogue import Terms
from tay_middleware.analytics.days import Reactions
from tay_middleware.analytics.measures import Measures, measure
from tay_middleware.analytics.metrics import Period
from tay_middleware.analytics.review.sentences import _of_returns
from tay_middleware.domain import uuid7
from tay_middleware.storage import Database
from tay_middleware.storage.sql import question_logs, question_row
from tay_middleware.storage.turns import exposures
from tay_middleware.storage.turns.figures import ALL, daily_counts, daily_users
from tests.databases import migrated, play
from tests.storage.records import a_record
from tests.uncounted import uncounted

pytestmark = pytest.mark.scale

DAY = timedelta(days=1)
BEGINS = datetime(2024, 1, 1, tzinfo=UTC)
DAYS, AFTER = 28, 35
"""A world's days with mentions, and those on which people may come back."""

WORLDS, USERS, QUESTIONS = 6, 400, 10
TERMS = Terms(attribution_days=14, reactions=Reactions((), DAY))


def is_cooling(shown: list[tuple[int, int]], day: int, number: int) -> bool:
    """Three turns of the conversation, two a day, four a week: as `policy.yaml` ships."""
    return (
        any(then == day and number - turn <= 3 for then, turn in shown)
        or sum(then == day for then, _ in shown) >= 2
        or sum(then > day - 7 for then, _ in shown) >= 4
    )


class World:
    """People who come as often as they come, whatever they are told; a fifth are held out."""

    def __init__(self, number: int) -> None:
        self.since = BEGINS + number * (DAYS + AFTER) * DAY
        self.chance = random.Random(number)
        self.number = number
        self.users: list[dict[str, Any]] = []
        self.asked: list[dict[str, Any]] = []
        self.template = question_row(a_record())

    def play(self) -> None:
        """Everybody's days."""
        for user in range(USERS):
            often = self.chance.choice((0.03, 0.1, 0.3, 0.8))
            days = [day for day in range(DAYS + AFTER) if self.chance.random() < often]
            arm = "holdout" if self.chance.random() < 0.2 else "shown"
            key = f"{self.number}-{user}"
            self.users += [{"user_key": key, "day": self.day(day)} for day in days]
            self._ask(key, arm, [day for day in days if day < DAYS])

    def day(self, number: int) -> date:
        """A day of the calendar."""
        return (self.since + number * DAY).date()

    def _ask(self, key: str, arm: str, days: list[int]) -> None:
        shown: list[tuple[int, int]] = []
        for day in days:
            for number in range(QUESTIONS):
                needs = self.chance.random() < 0.5
                if not needs or is_cooling(shown, day, number):
                    continue
                if arm == "shown":
                    shown.append((day, number))
                self.asked.append(self._row(key, arm, day, number))

    def _row(self, key: str, arm: str, day: int, number: int) -> dict[str, Any]:
        at = self.since + day * DAY + timedelta(hours=9, minutes=number)
        row_id = uuid7(at, len(self.asked))
        return self.template | {
            "id": row_id,
            "turn_id": UUID(int=self.number << 64 | len(self.asked)),
            "user_key": key,
            "session_id": f"{key}-{day}",
            "shown": arm == "shown",
            "arm": arm,
            "suppressed": None if arm == "shown" else "holdout",
            "created_at": at,
            "assignments": [["holdout", arm, True, 0.2 if arm == "holdout" else 0.8]],
        }

    def write(self, connection: Connection) -> None:
        """The rows as the product writes them, as far as returns hang on them."""
        connection.execute(insert(question_logs), self.asked)
        connection.execute(insert(daily_users), self.users)
        exposures.note(connection, self.asked)
        per_day = Counter(row["created_at"].date() for row in self.asked)
        connection.execute(
            insert(daily_counts),
            [
                {"day": day, "dimension": ALL, "value": "", "questions": n, "escalations": 0}
                for day, n in per_day.items()
            ],
        )


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> list[Measures]:
    """The figures of worlds in which mentions change nothing."""
    url = f"sqlite+aiosqlite:///{tmp_path_factory.mktemp('returns') / 'tay.db'}"
    migrated(url)

    async def run(database: Database) -> list[Measures]:
        return [await one(database, World(number)) for number in range(WORLDS)]

    async def one(database: Database, world: World) -> Measures:
        with uncounted():
            world.play()
            await database.write(world.write)
        period = Period(world.since, world.since + DAYS * DAY)
        return await measure(database, period, TERMS, now=world.since + (DAYS + AFTER) * DAY)

    return play(url, run)


def test_mentions_that_do_nothing_are_not_said_to_drive_away(found: list[Measures]) -> None:
    """A held-out user is due at each need, a shown one as often as the cool-down lets her."""
    claims = [_of_returns(SimpleNamespace(ripe=one)) for one in found]  # type: ignore[arg-type]  # stands in with the one field that is read
    said = [claim.words for one in claims for claim in one]
    assert len(said) <= 1, said


def test_a_user_is_one_case_of_her_arm(found: list[Measures]) -> None:
    for one in found:
        cases = {arm: one.one("returns_within_7_days", arm).n for arm in ("shown", "holdout")}
        assert 0.8 * USERS < sum(cases.values()) <= USERS
        assert 0.15 < cases["holdout"] / sum(cases.values()) < 0.25
