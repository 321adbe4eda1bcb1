"""The threshold that a review proposes: of how much of the log."""

from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from tay_middleware.analytics.catalogue import Measure
from tay_middleware.analytics.measures import terms_of
from tay_middleware.analytics.metrics import ESCALATION_TARGET
from tay_middleware.analytics.review import facts
from tay_middleware.analytics.review.sentences import _of_rates
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


@pytest.mark.parametrize(("held_out", "is_tuned"), [(0.0, True), (0.2, False)])
def test_what_the_holdout_keeps_back_moves_no_threshold(
    playbook: Playbook, settings: Settings, tmp_path: Path, held_out: float, is_tuned: bool
) -> None:
    """8.8 % (8.0 to 9.6) with a fifth held out is 11 % (10.0 to 12.0) of those who are not."""
    rate = Measure(
        "escalation_rate",
        "share",
        0.088,
        3_000,
        low=0.08,
        high=0.096,
        target=ESCALATION_TARGET,
        stands="below the target",
    )

    async def play(world: World) -> Proposal | None:
        return await proposed(world, settings, 10, rate)

    found = in_world(tmp_path, playbook, play, holdout=held_out)
    assert (found is not None) is is_tuned
    facts_of = SimpleNamespace(
        held_out=held_out,
        now=SimpleNamespace(one=lambda _name: rate),
        ripe=SimpleNamespace(one=lambda _name: Measure("conversion_rate", "share", None, 0)),
    )
    facts_of.ripe.of = lambda *_: ()
    (told, *_) = _of_rates(facts_of)  # type: ignore[arg-type]  # stands in with the few fields that are read
    assert ("With nobody held out it would be about 11.0 %." in told.words) is bool(held_out)


async def proposed(
    world: World, settings: Settings, most: int, rate: object = None
) -> Proposal | None:
    """What the review of a period says whose rate lies below its target."""
    rate = rate or SimpleNamespace(stands="below the target")
    found = SimpleNamespace(one=lambda _name: rate, period=SimpleNamespace(until=NOW))
    return await facts.tuned(
        world.database,
        world.playbook,
        terms_of(settings, world.playbook),
        found,  # type: ignore[arg-type]  # stands in with the few fields that are read
        now=NOW,
        most=most,
    )
