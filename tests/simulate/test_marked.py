"""What is made up stays marked, also once its rows are past their retention."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from tay_middleware.storage import Database, simulations
from tests.databases import migrated, play

OCTOBER = datetime(2026, 10, 1, tzinfo=UTC)
NOVEMBER = datetime(2026, 11, 1, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("since", "until", "is_marked"),
    [
        (OCTOBER, NOVEMBER, True),
        (NOVEMBER - DAY, NOVEMBER + DAY, True),
        (OCTOBER - DAY, OCTOBER, False),
        (NOVEMBER, NOVEMBER + DAY, False),
    ],
)
@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_days_of_a_simulation_are_marked_without_its_rows(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    kind: str,
    since: datetime,
    until: datetime,
    *,
    is_marked: bool,
) -> None:
    if kind == "postgres":
        url = request.getfixturevalue("postgres_url")
    else:
        url = f"sqlite+aiosqlite:///{tmp_path_factory.mktemp('marked') / 'tay.db'}"
        migrated(url)
    played = {
        "id": UUID(int=1),
        "seed": 1,
        "users": 1,
        "begins_at": OCTOBER,
        "ends_at": NOVEMBER,
        "playbook_version": "v",
        "truth": {},
    }

    async def scene(database: Database) -> bool:
        await database.write(simulations.begin, played)
        return await database.read(simulations.is_simulated, since, until)

    assert play(url, scene) is is_marked
