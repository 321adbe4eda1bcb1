"""The copy of the last good playbook: by directory, whole or not at all, the last one first."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from shutil import copytree, rmtree
from threading import Barrier

import pytest

from tay_middleware.playbook import Playbook, keep, last_good, load_playbook, shipped
from tay_middleware.playbook.last_good import DIRECTORY, KEPT


@pytest.fixture
def prompts(tmp_path: Path) -> Path:
    return copytree(shipped(), tmp_path / "prompts")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def edited(prompts: Path, words: str) -> Playbook:
    with (prompts / "voice.yaml").open("a") as voice:
        voice.write(f"\n# {words}\n")
    return load_playbook(prompts)


def known(prompts: Path, home: Path) -> str | None:
    found = last_good(prompts, home)
    return None if found is None else found.version


def copies(home: Path) -> list[Path]:
    return sorted((home / DIRECTORY).glob("*/*"))


def test_where_nothing_was_kept_nothing_is_known(prompts: Path, home: Path) -> None:
    assert known(prompts, home) is None
    assert not home.exists()


def test_a_copy_says_the_same_and_outlives_the_directory(prompts: Path, home: Path) -> None:
    good = load_playbook(prompts)
    keep(good, prompts, home)
    rmtree(prompts)
    assert known(prompts, home) == good.version


def test_the_last_good_one_is_the_last_that_was_in_use(prompts: Path, home: Path) -> None:
    first = load_playbook(prompts)
    keep(first, prompts, home)
    before = (prompts / "voice.yaml").read_bytes()
    second = edited(prompts, "another")
    keep(second, prompts, home)
    assert known(prompts, home) == second.version
    (prompts / "voice.yaml").write_bytes(before)
    keep(first, prompts, home)
    assert known(prompts, home) == first.version


def test_a_few_copies_are_kept_and_no_draft_is_left(prompts: Path, home: Path) -> None:
    for number in range(KEPT + 2):
        keep(edited(prompts, str(number)), prompts, home)
    assert len(copies(home)) == KEPT


def test_another_directory_is_another_brand(prompts: Path, home: Path, tmp_path: Path) -> None:
    keep(load_playbook(prompts), prompts, home)
    assert last_good(tmp_path / "of another brand", home) is None


def test_what_was_edited_since_it_was_read_is_not_kept(prompts: Path, home: Path) -> None:
    read = load_playbook(prompts)
    (prompts / "policy.yaml").write_text("threshold: [")
    keep(read, prompts, home)
    assert copies(home) == []


@pytest.mark.parametrize("harm", ["cut off", "edited", "gone"])
def test_a_damaged_copy_is_passed_over_for_the_one_before(
    prompts: Path, home: Path, harm: str
) -> None:
    first = load_playbook(prompts)
    keep(first, prompts, home)
    second = edited(prompts, "the last")
    keep(second, prompts, home)
    copy = next(path for path in copies(home) if path.name == second.version)
    if harm == "cut off":
        (copy / "offers.yaml").write_bytes(b"mentorship:")
    elif harm == "edited":
        edited(copy, "by hand")
    else:
        (copy / "offers.yaml").unlink()
    os.utime(copy)
    assert known(prompts, home) == first.version


def test_those_who_start_at_once_on_one_volume_keep_one_copy(prompts: Path, home: Path) -> None:
    good, begin = load_playbook(prompts), Barrier(8)

    def start(_number: int) -> None:
        begin.wait()
        keep(good, prompts, home)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(start, range(8)))
    (room,) = (home / "playbooks").iterdir()
    assert [path.name for path in room.iterdir()] == [good.version]
