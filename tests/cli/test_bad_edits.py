"""Commands that read the log after a bad edit of the playbook: the figures are in the database."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from shutil import copytree, rmtree
from typing import Any

import pytest

from tay_middleware.playbook import load_playbook, shipped
from tay_middleware.playbook.last_good import keep
from tay_middleware.storage import Database, open_store
from tay_middleware.storage.desk.pauses import paused_names
from tests.builders import NOON
from tests.commands import Run, Tay
from tests.edits import mend, spoil
from tests.storage.records import a_record, opened

DAY = f"{NOON:%Y-%m-%d}"
WEEK = f"{NOON:%G-W%V}"

READERS = (
    ("metrics", f"{NOON:%Y-%m}"),
    ("review", "--week", WEEK, "--format", "markdown"),
    ("experiments",),
    ("experiments", "guard"),
    ("label", "export", "--unsure", "--days", "36500"),
)
"""What answers by the last good playbook."""


@pytest.fixture
def prompts(tmp_path: Path) -> Path:
    return copytree(shipped(), tmp_path / "prompts")


@pytest.fixture
def read(tay: Tay, prompts: Path, tmp_path: Path) -> Tay:
    """`tay` over a log with a mention, after a bad edit; nothing good is known."""

    async def fill() -> None:
        url = f"sqlite+aiosqlite:///{tmp_path / 'tay.db'}"
        store = await opened(open_store(url, history_turns=1))
        await store.commit(a_record())
        await store.aclose()

    asyncio.run(fill())
    spoil(prompts)

    def run(*arguments: str, given: str | bytes = "", **settings: str) -> Run:
        there = {"TAY_HOME": str(tmp_path), "TAY_PROMPTS_DIR": str(prompts), **settings}
        return tay(*arguments, given=given, **there)

    return run


@pytest.fixture
def last(prompts: Path, tmp_path: Path, read: Tay) -> str:
    """The version of the last good playbook, which is known."""
    mend(prompts)
    good = load_playbook(prompts)
    keep(good, prompts, tmp_path)
    spoil(prompts)
    return good.version


def warning(run: Run) -> str:
    (line,) = run.stderr.splitlines()
    assert line.startswith("tay: the playbook in ")
    assert "policy.yaml:3: this is not YAML" in line
    return line


@pytest.mark.parametrize("command", READERS, ids=" ".join)
@pytest.mark.parametrize("strict", ["true", "false"])
def test_figures_go_by_the_last_good_playbook_and_one_line_says_so(
    read: Tay, last: str, command: tuple[str, ...], strict: str
) -> None:
    found = read(*command, TAY_STRICT_START=strict)
    assert found.returncode == 0
    assert f"this goes by the last good one, version {last}" in warning(found)
    assert found.stdout


def figures(run: Run) -> dict[str, Any]:
    return {one["name"]: one for one in json.loads(run.stdout)["items"] if not one["dimension"]}


def test_metrics_need_a_playbook_for_bad_reactions_alone(
    read: Tay, prompts: Path, tmp_path: Path
) -> None:
    command = ("metrics", f"{NOON:%Y-%m}", "--json")
    without = read(*command)
    assert "no good one is known" in (line := warning(without))
    assert "bad reactions are told of the days alone" in line
    assert figures(without)["mentions"]["number"] == 1
    assert figures(without)["bad_reactions"]["n"] == 0
    mend(prompts)
    after = figures(read(*command))
    assert after["bad_reactions"]["n"] == 1
    spoil(prompts)
    rmtree(tmp_path / "playbooks", ignore_errors=True)
    assert figures(read(*command)) == after


def test_a_review_without_a_playbook_is_made_and_another_one_is_kept(
    read: Tay, prompts: Path
) -> None:
    command = ("review", "--week", WEEK, "--format", "json")
    without = read(*command)
    assert (without.returncode, "is not kept" in warning(without)) == (0, True)
    made = json.loads(without.stdout)
    assert made["playbook_version"] == ""
    assert [one["what"] for one in made["actions"]] == ["Mend the playbook"]
    mend(prompts)
    kept = json.loads(read(*command).stdout)
    assert kept["playbook_version"] == load_playbook(prompts).version
    spoil(prompts)
    assert json.loads(read(*command).stdout) == kept


@pytest.mark.parametrize("command", [("experiments",), ("experiments", "guard"), ("tune",)])
def test_what_hangs_on_the_playbook_alone_says_for_what_it_is_needed(
    read: Tay, command: tuple[str, ...]
) -> None:
    found = read(*command)
    assert (found.returncode, found.stdout) == (1, "")
    assert found.stderr.startswith("tay: the playbook says ")
    assert "policy.yaml:3: " in found.stderr


def test_what_was_mentioned_can_be_paused_whatever_the_playbook_is(
    read: Tay, tmp_path: Path
) -> None:
    offer = a_record().decision.offer
    assert offer is not None
    assert read("experiments", "pause", offer, "--reason", "sold out").returncode == 0
    assert read("experiments", "pause", "no.such.thing", "--reason", "x").returncode == 1

    async def paused() -> frozenset[str]:
        database = Database(f"sqlite+aiosqlite:///{tmp_path / 'tay.db'}")
        try:
            return await database.read(paused_names, datetime.now(UTC))
        finally:
            await database.aclose()

    assert asyncio.run(paused()) == {offer}


def test_tune_by_the_last_good_playbook_writes_no_patch_of_wrong_files(
    read: Tay, last: str, tmp_path: Path
) -> None:
    patch = tmp_path / "tune.patch"
    found = read("tune", "--since", DAY, "--target-rate", "12%", "--patch", str(patch))
    assert last in warning(found)
    assert "no patch is written" in found.stdout
    assert not patch.exists()
