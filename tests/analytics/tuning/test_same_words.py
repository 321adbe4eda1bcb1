"""A test whose arms have one wording each can be tuned while it runs."""

from datetime import timedelta
from pathlib import Path

from tay_middleware.analytics.tuning import Knob
from tay_middleware.analytics.tuning.cases import Fate
from tay_middleware.analytics.tuning.replay import Replay
from tay_middleware.decide import Circumstances
from tay_middleware.playbook import Playbook
from tests.analytics.tuning.world import World, in_world
from tests.builders import NOON

EVERY = timedelta(days=2)


def test_what_waited_for_its_wording_is_not_granted_by_the_replay(
    playbook: Playbook, tmp_path: Path
) -> None:
    """Needs two days apart: no cool-down holds them, but of each strength one wording is left."""
    only = Circumstances(
        paused=frozenset(name for name, one in playbook.by_id.items() if one.variant != "A")
    )

    async def play(world: World) -> tuple[list[bool], Replay]:
        shown = [
            await world.ask("u", f"s{at}", 0.9, at=NOON + at * EVERY, around=only)
            for at in range(4)
        ]
        log = await world.log()
        assert log.knob is Knob.SCORER
        return shown, Replay(log.cases, world.playbook.policy, log.passing)

    shown, replay = in_world(tmp_path, playbook, play)
    assert shown.count(False) > 0
    assert replay.shown(0.3) == [at for at, one in enumerate(shown) if one]
    waited = {case.fate for case in replay.cases if not case.shown}
    assert waited == {Fate.HELD_LATER}
