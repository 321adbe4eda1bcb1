import json
import shutil
from pathlib import Path

import pytest

from tay_middleware.engine import Escalator, Reply
from tay_middleware.playbook import load_playbook, shipped
from tay_middleware.settings import load_settings
from tests.commands import Tay

NEED = "Can you review my pricing structure and tell me what's wrong?"
REPLY = Reply("Start with one honest hour, and divide what is left by it.")


@pytest.fixture
def changed() -> Path:
    """A copy of the playbook in which the mentorship is paused."""
    place = Path("changed/prompts")
    shutil.copytree(shipped(), place)
    policy = place / "policy.yaml"
    text = policy.read_text()
    policy.write_text(text.replace("paused_offers: []", "paused_offers: [mentorship]"))
    return place


def asked() -> None:
    """One question, answered by the engine today."""
    engine = Escalator.from_settings(load_settings(grace_seconds=10, recall_timeout_seconds=10))
    turn = engine.turn(question=NEED, user_id="ada", session_id="s")
    engine.begin(turn).settle(REPLY)
    assert engine.flush(10)
    engine.close()


def test_what_differs_is_listed(tay: Tay, changed: Path) -> None:
    made = tay("playbook", "diff", str(changed))
    assert (made.returncode, made.stderr) == (0, "")
    *_, line = made.stdout.splitlines()
    assert line.split() == ["policy.yaml", "paused_offers.mentorship", "-", "there"]
    found = json.loads(tay("playbook", "diff", str(changed), "--json").stdout)
    assert found["old_version"] == load_playbook().version
    assert [one["entry"] for one in found["edits"]] == ["paused_offers.mentorship"]
    back = json.loads(
        tay("playbook", "diff", str(shipped()), "--against", str(changed), "--json").stdout
    )
    assert [one["before"] for one in back["edits"]] == ["there"]


def test_nothing_differs_from_itself(tay: Tay) -> None:
    version = load_playbook().version
    assert tay("playbook", "diff").stdout == f"nothing differs: both are version {version}\n"


def test_what_flips_is_shown_with_its_words(tay: Tay, changed: Path) -> None:
    asked()
    made = tay("playbook", "diff", str(changed), "--replay")
    assert (made.returncode, made.stderr) == (0, "")
    assert "1 of 1 decisions flip (100.0%)" in made.stdout
    assert "mentions: 1 (100.0%) → 0 (0.0%)" in made.stdout
    assert "the replay makes 100.0% of the logged decisions again" in made.stdout
    assert "no longer offered  1" in made.stdout
    assert "now: held back, paused" in made.stdout
    assert NEED in made.stdout
    assert "now:    nothing" in made.stdout


def test_an_unchanged_playbook_flips_nothing(tay: Tay) -> None:
    asked()
    made = tay("playbook", "diff", "--replay", "--last", "100")
    assert made.stdout.startswith("nothing flips: 1 questions are decided as before")


def test_what_flips_is_there_as_json(tay: Tay, changed: Path) -> None:
    asked()
    found = json.loads(tay("playbook", "diff", str(changed), "--replay", "--json").stdout)
    assert (found["replayed"], found["mentions"], found["agreement"]) == (1, [1, 0], 1.0)
    (flip,) = found["flips"]
    assert (flip["flip"], flip["why"], flip["many"], flip["offer"]) == (
        "no longer offered",
        "now: held back, paused",
        1,
        "mentorship",
    )
    none = tay("playbook", "diff", str(changed), "--replay", "--json", "--limit", "0")
    assert json.loads(none.stdout)["examples"] == []


def test_an_empty_log_says_so(tay: Tay, changed: Path) -> None:
    tay("db", "upgrade")
    made = tay("playbook", "diff", str(changed), "--replay")
    assert made.stdout.startswith("no question of the period can be replayed")


def test_a_playbook_that_is_wrong_is_refused_with_its_problems(tay: Tay, changed: Path) -> None:
    (changed / "policy.yaml").write_text("threshold: 3\n")
    made = tay("playbook", "diff", str(changed), "--replay")
    assert made.returncode == 1
    assert made.stderr.startswith("tay: the playbook has")


def test_a_check_that_fails_says_what_starts_meanwhile(tay: Tay, changed: Path) -> None:
    settings = {"TAY_PROMPTS_DIR": str(changed)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TAY_PROMPTS_DIR", str(changed))
        asked()
    version = load_playbook(changed).version
    assert "not in force" not in tay("playbook", "check", **settings).stderr
    (changed / "policy.yaml").write_text("threshold: [")
    made = tay("playbook", "check", **settings)
    assert made.returncode == 1
    assert f"goes by version {version}, the last good one" in made.stderr
    assert "policy.yaml:" in made.stderr
