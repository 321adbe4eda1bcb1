"""The threshold that a review proposes: of how much of the log."""

from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from tay_middleware.analytics.measures import terms_of
from tay_middleware.analytics.review import facts
from tay_middleware.analytics.tuning import Proposal
from tay_middleware.playbook import Playbook
from tay_middleware.settings import Settings
from tests.analytics.tuning.world import World, in_world
from tests.builders import NOON

NOW = NOON + timedelta(days=30)
ASKED_DAYS_AGO = (29, 27, 3, 2, 1)


@pytest.mark.parametrize(("most", "replayed"), [(200_000, 4), (5, 4), (3, 3)])
def test_a_review_replays_four_weeks_and_no_more_than_so_many_questions(
    playbook: Playbook, settings: Settings, tmp_path: Path, most: int, replayed: int
) -> None:
    async def play(world: World) -> Proposal | None:
        for days in ASKED_DAYS_AGO:
            await world.ask("u", f"s{days}", 0.5, at=NOW - timedelta(days=days))
        return await proposed(world, settings, most)

    found = in_world(tmp_path, playbook, play)
    assert found is not None
    assert found.questions == replayed
    assert f"{replayed} questions, 500 are needed" in found.words


async def proposed(world: World, settings: Settings, most: int) -> Proposal | None:
    """What the review of a period says whose rate lies below its target."""
    rate = SimpleNamespace(stands="below the target")
    found = SimpleNamespace(one=lambda _name: rate, period=SimpleNamespace(until=NOW))
    return await facts.tuned(
        world.database,
        world.playbook,
        terms_of(settings, world.playbook),
        found,  # type: ignore[arg-type]  # stands in with the few fields that are read
        now=NOW,
        most=most,
    )
