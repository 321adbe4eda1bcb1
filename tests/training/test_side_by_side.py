"""Runs in processes of their own: all are done, what is done is told, a failure is raised."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tay_middleware.training.side_by_side import side_by_side


def noted(file: Path, progress: Callable[[float], None]) -> None:
    progress(0.5)
    file.write_text(str(os.getpid()))


def refused(name: str, _progress: Callable[[float], None]) -> None:
    raise LookupError(name)


def refused_if_first(file: Path, progress: Callable[[float], None]) -> None:
    if file.name == "first":
        raise LookupError(file.name)
    noted(file, progress)


def slow_or_refused(file: Path, progress: Callable[[float], None]) -> None:
    if file.name == "slow":
        time.sleep(0.5)
    refused_if_first(file, progress)


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


def test_after_a_failure_no_other_run_begins(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("first", "second", "third", "fourth")]
    with pytest.raises(LookupError, match="first"):
        side_by_side(refused_if_first, files, 1, lambda _share: None)
    assert [*tmp_path.iterdir()] == []


def test_what_is_under_way_when_a_run_fails_ends_first(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("slow", "first")]
    with pytest.raises(LookupError, match="first"):
        side_by_side(slow_or_refused, files, 2, lambda _share: None)
    assert [*tmp_path.iterdir()] == [files[0]]
