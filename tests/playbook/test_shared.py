from dataclasses import replace
from pathlib import Path
from shutil import copytree

import pytest

from tay_middleware.errors import PlaybookError
from tay_middleware.playbook import Playbook, load_playbook, shared_playbook, shipped


def test_the_same_files_are_the_same_playbook() -> None:
    assert shared_playbook() is shared_playbook(shipped())
    assert shared_playbook().version == load_playbook().version


def test_a_playbook_that_breaks_is_told_and_the_mended_one_read(tmp_path: Path) -> None:
    prompts = copytree(shipped(), tmp_path / "prompts")
    before = shared_playbook(prompts)
    policy = (prompts / "policy.yaml").read_text()
    (prompts / "policy.yaml").write_text("{")
    for _ in range(2):
        with pytest.raises(PlaybookError, match=r"policy\.yaml"):
            shared_playbook(prompts)
    (prompts / "policy.yaml").write_text(policy)
    assert shared_playbook(prompts) is before


@pytest.mark.parametrize("fault", ["missing", "unreadable"])
def test_what_cannot_be_read_is_told_as_by_any_load(tmp_path: Path, fault: str) -> None:
    if fault == "unreadable":
        (tmp_path / "prompts" / "offers.yaml").mkdir(parents=True)
    with pytest.raises(PlaybookError):
        shared_playbook(tmp_path / "prompts")


def test_a_playbook_that_was_changed_in_memory_is_another_one(playbook: Playbook) -> None:
    changed = replace(playbook, topics={})
    assert hash(changed) == hash(playbook)
    assert changed != playbook
