import asyncio
import json
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest

from benchmarks.tune import cases, rows, write
from tay_middleware.analytics.tuning.replay import Passing, Replay
from tay_middleware.playbook import load_playbook, shipped
from tests.commands import Tay
from tests.databases import migrated

LIVE = load_playbook().policy.cascade.scorer.threshold
QUESTION = "Can you review my pricing structure and tell me what is wrong with it?"


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database of 3,000 questions that the playbook which ships has decided."""
    file = tmp_path_factory.mktemp("log") / "tay.db"
    url = f"sqlite+aiosqlite:///{file}"
    playbook = load_playbook()
    threshold = playbook.policy.cascade.scorer.threshold
    found = cases(3_000, datetime.now(UTC), Random(12), threshold)
    shown = set(Replay(found, playbook.policy, Passing(0.0, 1.0)).shown(threshold))
    migrated(url)
    asyncio.run(write(url, list(rows(found, shown, playbook))))
    return file


@pytest.fixture
def url(filled: Path, tmp_path: Path) -> str:
    shutil.copy(filled, tmp_path / "tay.db")
    return f"sqlite+aiosqlite:///{tmp_path}/tay.db"


def said(made: Any) -> Any:
    return json.loads(made.stdout)


def test_a_rate_is_tuned_to_and_the_patch_is_for_a_person_to_apply(tay: Tay, url: str) -> None:
    shutil.copytree(shipped(), "prompts")
    before = Path("prompts/policy.yaml").read_text()
    settings = {"TAY_DATABASE_URL": url, "TAY_PROMPTS_DIR": "prompts"}
    made = tay("tune", "--target-rate", "5%", "--patch", "x.patch", **settings)
    assert (made.returncode, made.stderr) == (0, "")
    assert made.stdout.startswith(f"raise {LIVE} to 0.")
    assert "replayed: cascade.scorer.threshold" in made.stdout
    assert "x.patch: written; look at it, then: patch -p1 < x.patch" in made.stdout
    assert Path("prompts/policy.yaml").read_text() == before
    subprocess.run(["git", "apply", "x.patch"], check=True)
    after = load_playbook(Path("prompts"))
    found = tay("tune", "--target-rate", "5%", "--json", **settings)
    assert found.returncode == 1, "its playbook is another one now: none of the log is its own"
    assert "under other versions of the playbook" in said(found)["words"]
    assert after.policy.cascade.scorer.threshold > LIVE


def test_everything_is_there_as_json(tay: Tay, url: str) -> None:
    made = tay("tune", "--target-rate", "0.05", "--json", TAY_DATABASE_URL=url)
    found = said(made)
    assert (found["verdict"], found["knob"]) == ("move", "cascade.scorer.threshold")
    assert (found["live"], found["questions"], found["agreement"]) == (LIVE, 3_000, 1.0)
    (point,) = [one for one in found["points"] if one["threshold"] == found["proposed"]]
    assert point["rate"]["found"] / point["rate"]["of"] == pytest.approx(0.05, abs=0.005)
    assert point["added"]["net"]["refused"].startswith("nobody was held out")
    assert f"+    threshold: {found['proposed']}" in found["patch"]


def test_the_last_questions_alone_and_labels_of_ones_own(
    tay: Tay, url: str, tmp_path: Path
) -> None:
    labels = tmp_path / "own.jsonl"
    row = {"id": 1, "question": QUESTION, "escalate": True}
    labels.write_text(json.dumps(row))
    asked = ("tune", "--target-rate", "6%", "--last", "900", "--labels", str(labels))
    found = said(tay(*asked, "--json", TAY_DATABASE_URL=url))
    assert found["questions"] == 900
    live = next(one for one in found["points"] if one["threshold"] == LIVE)
    assert (live["precision"]["found"], live["precision"]["of"]) == (1, 1)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--target-rate", "30%"], "refused: 30.0% is above the limit of 15.0% (--most)"),
        (["--stage", "encoder"], "refused: this threshold found 0 needs"),
        (["--since", "1h"], "questions, 500 are needed"),
    ],
)
def test_a_refusal_is_an_answer_and_a_failure(
    tay: Tay, url: str, options: list[str], says: str
) -> None:
    made = tay("tune", *options, TAY_DATABASE_URL=url)
    assert (made.returncode, made.stderr) == (1, "")
    assert says in made.stdout


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--target-rate", "much"], "'much' is no share: write 5% or 0.05"),
        (["--since", "monday"], "'monday' is no time: write 2026-11-02, or 7d for a week ago"),
        (["--since", "2030-01-01", "--until", "2029-01-01"], "the period ends before it begins"),
    ],
)
def test_what_cannot_be_read_is_said(tay: Tay, options: list[str], says: str) -> None:
    tay("db", "upgrade")
    made = tay("tune", *options)
    assert made.returncode == 1
    assert made.stderr.startswith(f"tay: {says}")


def test_a_threshold_that_a_running_test_forbids_is_not_proposed(tay: Tay, url: str) -> None:
    """An arm asks for a little more than the threshold, and may not be below it."""
    shutil.copytree(shipped(), "prompts")
    own = load_playbook(Path("prompts"))
    file = Path("prompts/experiments.yaml")
    live = max(LIVE, own.policy.cascade.encoder.threshold)
    arms = f"{{now: {{weight: 1}}, surer: {{weight: 1, confidence: {live + 0.005}}}}}"
    file.write_text(
        "layers: {l: {seed: s}}\nexperiments:\n  surer:\n    asks: Should it be surer of a need?\n"
        f"    kind: threshold\n    layer: l\n    control: now\n    arms: {arms}\n"
    )
    made = tay(
        *("tune", "--target-rate", "5%", "--playbook-version", own.version),
        TAY_DATABASE_URL=url,
        TAY_PROMPTS_DIR="prompts",
    )
    assert made.returncode == 1
    assert "but then the playbook has 1 problem" in made.stderr
