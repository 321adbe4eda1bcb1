"""`tay db maintain` after a bad edit of the playbook: what needs none is done all the same."""

import asyncio
from pathlib import Path
from shutil import copytree

import pytest

from tay_middleware.playbook import load_playbook, shipped
from tay_middleware.playbook.last_good import keep
from tay_middleware.storage import open_store, read_latest
from tay_middleware.storage.partitions import MONTHS_AHEAD, PARTITIONED
from tests.commands import Run, Tay
from tests.edits import spoil
from tests.storage.records import a_record, opened

KEEP = ("db", "maintain", "--keep-days", "30")


@pytest.fixture
def prompts(tmp_path: Path) -> Path:
    return copytree(shipped(), tmp_path / "prompts")


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A log with one turn that is past any retention of a month."""
    url = f"sqlite+aiosqlite:///{tmp_path / 'tay.db'}"

    async def fill() -> None:
        store = await opened(open_store(url, history_turns=1))
        await store.commit(a_record())
        await store.aclose()

    asyncio.run(fill())
    return url


@pytest.fixture
def maintain(tay: Tay, prompts: Path, tmp_path: Path) -> Tay:
    def run(*arguments: str, given: str | bytes = "", **settings: str) -> Run:
        there = {"TAY_HOME": str(tmp_path), "TAY_PROMPTS_DIR": str(prompts), **settings}
        return tay(*arguments, given=given, **there)

    return run


def test_rows_go_by_the_last_good_playbook_as_chats_do(
    maintain: Tay, prompts: Path, url: str, tmp_path: Path
) -> None:
    good = load_playbook(prompts)
    keep(good, prompts, tmp_path)
    spoil(prompts)
    done = maintain(*KEEP)
    assert done.returncode == 0
    assert "deleted 0 rows" not in done.stdout
    assert len(read_latest(url, 10)) == 0


@pytest.mark.parametrize("strict", ["true", "false"])
def test_rows_stay_where_no_good_playbook_is_known_and_the_reason_is_told(
    maintain: Tay, prompts: Path, url: str, strict: str
) -> None:
    spoil(prompts)
    done = maintain(*KEEP, TAY_STRICT_START=strict)
    assert done.returncode == 1
    assert "made 0 partitions" in done.stdout
    assert "deleted 0 rows" in done.stdout
    assert "no rows were removed" in done.stderr
    assert "policy.yaml:" in done.stderr
    assert len(read_latest(url, 10)) == 1


@pytest.mark.parametrize("strict", ["true", "false"])
def test_a_playbook_that_cannot_be_read_stops_no_more_than_a_wrong_one(
    maintain: Tay, prompts: Path, url: str, strict: str
) -> None:
    (prompts / "templates" / "x.yaml").mkdir()
    done = maintain(*KEEP, TAY_STRICT_START=strict)
    assert done.returncode == 1
    assert "deleted 0 rows" in done.stdout
    assert "no rows were removed" in done.stderr
    assert "x.yaml" in done.stderr
    assert len(read_latest(url, 10)) == 1


def test_partitions_of_a_server_are_made_whatever_the_playbook_is(
    maintain: Tay, prompts: Path, postgres_url: str
) -> None:
    spoil(prompts)
    done = maintain(*KEEP, TAY_DATABASE_URL=postgres_url, TAY_USER_KEY_SECRET="x" * 40)
    assert done.returncode == 1
    made = (1 + MONTHS_AHEAD) * len(PARTITIONED)
    assert f"made {made} partitions, dropped 0" in done.stdout


def test_without_a_retention_no_playbook_is_read(maintain: Tay, prompts: Path, url: str) -> None:
    spoil(prompts)
    done = maintain("db", "maintain")
    assert (done.returncode, done.stderr) == (0, "")
    assert len(read_latest(url, 10)) == 1


def test_nothing_is_kept_where_the_command_runs(maintain: Tay, url: str, tmp_path: Path) -> None:
    assert maintain(*KEEP).returncode == 0
    assert not (tmp_path / "playbooks").exists()
    assert read_latest(url, 10) == []
