import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tay_middleware.errors import PlaybookError, Problem
from tay_middleware.playbook import load_playbook, shipped

Edit = Callable[[str], str]


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A copy of the playbook that ships, for a test to spoil."""
    copied = tmp_path / "prompts"
    shutil.copytree(shipped(), copied)
    return copied


@pytest.fixture
def spoil(directory: Path) -> Callable[..., list[Problem]]:
    """Edits one file of the copy and gives the problems that loading it then names."""

    def edit(name: str, change: Edit) -> list[Problem]:
        path = directory / name
        before = path.read_text()
        after = change(before)
        assert after != before, "the edit changed nothing"
        path.write_text(after)
        with pytest.raises(PlaybookError) as caught:
            load_playbook(directory)
        return list(caught.value.problems)

    return edit
