"""Runs in processes of their own: all are done, what is done is told, a failure is raised."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tay_middleware.training.side_by_side import side_by_side


def noted(file: Path, progress: Callable[[float], None]) -> None:
    progress(0.5)
    file.write_text(str(os.getpid()))


def refused(name: str, _progress: Callable[[float], None]) -> None:
    raise LookupError(name)


def test_every_run_is_done_in_another_process(tmp_path: Path) -> None:
    files = [tmp_path / name for name in "abc"]
    told: list[float] = []
    side_by_side(noted, files, 2, told.append)
    processes = {int(file.read_text()) for file in files}
    assert os.getpid() not in processes
    assert len(processes) <= 2
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_what_a_run_raises_is_raised() -> None:
    told: list[float] = []
    with pytest.raises(LookupError, match="x"):
        side_by_side(refused, ["x", "x"], 1, told.append)
    assert 1.0 not in told
