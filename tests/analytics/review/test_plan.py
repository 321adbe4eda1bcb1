"""Friday's plan: steps that fit what is known, as diffs that apply."""

import re
import shutil
import subprocess
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from uuid import UUID

import pytest
from sqlalchemy import select

from tay_middleware.analytics.experiments import Call, Health, Verdict
from tay_middleware.analytics.experiments.guard import ACTOR
from tay_middleware.analytics.review.diffs import Prompts
from tay_middleware.analytics.review.page import page
from tay_middleware.analytics.review.plan import _holdout
from tay_middleware.analytics.review.text import markdown
from tay_middleware.playbook import HOLDOUT, load_playbook
from tay_middleware.playbook.load import shipped
from tay_middleware.simulate import Order, Result, simulate
from tay_middleware.storage.desk.pauses import Subject, pause, pauses
from tay_middleware.storage.transaction import Transaction
from tests.analytics.review.stage import UNTIL, copied, reviewed, write
from tests.uncounted import at_scale

pytestmark = pytest.mark.scale


def paused_by_machine(made: Result) -> set[str]:
    """The names that are paused, and that no person paused."""
    which = select(pauses.c.name).where(pauses.c.lifted_at.is_(None), pauses.c.paused_by == ACTOR)
    found: set[str] = set()
    write(made, lambda connection: found.update(connection.execute(which).scalars()))
    return found


def test_the_plan_of_a_paused_wording_is_a_diff_that_applies(made: Result, tmp_path: Path) -> None:
    copy = copied(made, tmp_path / "copy")
    prompts = copy.place.settings.home / "prompts"
    name, reason = "course.standard.any.C", "12 of 20 users reacted badly"

    def stop(connection: Transaction, number: int, name: str, by: str) -> None:
        pause(
            connection,
            pause_id=UUID(int=number),
            subject=Subject.TEMPLATE,
            name=name,
            now=UNTIL - timedelta(days=1),
            by=by,
            reason=reason,
            figures={},
        )

    write(copy, partial(stop, number=7, name=name, by=ACTOR))
    write(copy, partial(stop, number=8, name="course.standard.any.B", by="admin"))
    found = reviewed(copy, "2026-W47", prompts=prompts)
    # The month itself may have paused others; what the admin paused is no machine's plan.
    drops = [one for one in found.actions if one.what.startswith("Drop ")]
    told = {one.what.removeprefix("Drop ").partition(",")[0] for one in drops}
    assert told == paused_by_machine(copy)
    assert "course.standard.any.B" not in told
    (drop,) = (one for one in drops if one.what.startswith(f"Drop {name}"))
    assert reason in drop.why
    change = tmp_path / "friday.patch"
    change.write_text(drop.diff)
    subprocess.run(["git", "apply", str(change)], cwd=prompts.parent, check=True)
    assert load_playbook(prompts).policy.paused_templates == (name,)
    assert "```diff" in markdown(found)
    assert f"paused_templates: [{name}]" in page(found)


def test_what_a_playbook_does_not_bear_is_no_diff(made: Result) -> None:
    prompts = Prompts(made.place.prompts_dir)
    assert prompts.diff("policy.yaml", ["paused_templates"], "[no.such.wording]") == ""
    assert prompts.diff("policy.yaml", ["no", "such", "key"], 1) == ""
    assert prompts.diff("policy.yaml", ["holdout", "share"], 7) == ""
    assert "+  share: 0.15" in prompts.diff("policy.yaml", ["holdout", "share"], 0.15)
    assert Prompts(None).diff("policy.yaml", ["holdout", "share"], 0.15) == ""


@at_scale
def test_a_rate_that_misses_its_target_is_tuned(tmp_path: Path) -> None:
    """A playbook that asks for near certainty: the rate lies below the target."""
    home = tmp_path / "prompts"
    shutil.copytree(shipped(), home)
    policy = home / "policy.yaml"
    said = policy.read_text(encoding="utf-8")
    strict, lines = re.subn(r"(?m)^(    (?:threshold|agreed): )[0-9.]+", r"\g<1>0.97", said)
    assert lines == 4
    policy.write_text(strict, encoding="utf-8")
    made = simulate(
        Order(UNTIL, users=110, days=14, seed=8, home=tmp_path / "made", prompts_dir=home)
    )
    found = reviewed(made, "2026-W47")
    assert any("mentions an offer" in one and "below the target" in one for one in found.sure)
    assert any("threshold" in one.what or "so seldom" in one.what for one in found.actions)


@pytest.mark.parametrize("share", [0.1, 0.2])
def test_mentions_that_sell_are_never_switched_off(made: Result, share: float) -> None:
    playbook = made.place.playbook
    policy = playbook.policy
    holdout = policy.holdout.model_copy(update={"share": share})
    known = replace(playbook, policy=policy.model_copy(update={"holdout": holdout}))
    verdict = Verdict(
        **dict.fromkeys(Verdict.__slots__)  # type: ignore[arg-type]  # stands in with the few fields that are read
        | {"name": HOLDOUT, "kind": HOLDOUT, "call": Call.SHIP, "ship": "shown", "arms": ()}
        | {"health": Health(1.0, 0, ())}
    )
    facts = SimpleNamespace(verdicts=(verdict,))
    steps = [one.what for one in _holdout(facts, known, Prompts(None))]  # type: ignore[arg-type]  # stands in with the few fields that are read
    assert steps == (["Hold out fewer users"] if share > 0.1 else [])
    lost = SimpleNamespace(verdicts=(replace(verdict, ship=HOLDOUT),))
    assert [one.what for one in _holdout(lost, known, Prompts(None))] == [  # type: ignore[arg-type]  # stands in with the few fields that are read
        "Switch the mentions off"
    ]
    doubtful = replace(verdict, ship=HOLDOUT, health=Health(1.0, 0, (), ("whose are they?",)))
    facts = SimpleNamespace(verdicts=(doubtful,))
    assert not list(_holdout(facts, known, Prompts(None)))  # type: ignore[arg-type]  # stands in with the few fields that are read
