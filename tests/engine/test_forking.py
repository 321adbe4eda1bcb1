"""What an engine leaves to a forked child: no lock that nobody opens, and little else."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tay_middleware.domain import Mode
from tay_middleware.engine import Escalator, forks
from tay_middleware.settings import load_settings


def test_a_child_counts_faults_though_a_thread_of_its_parent_held_the_lock(tmp_path: Path) -> None:
    engine = Escalator.from_settings(load_settings(mode=Mode.OFF, home=tmp_path))
    held = engine.faults._lock
    with held:
        engine.after_fork()
    assert engine.faults._lock is not held


def test_engines_are_registered_for_a_fork_once_for_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Callable[[], None]] = []

    def note(*, after_in_child: Callable[[], None]) -> None:
        if after_in_child.__module__ == forks.__name__:
            told.append(after_in_child)

    monkeypatch.setattr(os, "register_at_fork", note)
    forks.registered.cache_clear()
    settings = load_settings(mode=Mode.OFF, home=tmp_path)
    engines = [Escalator.from_settings(settings) for _ in range(3)]
    locks = [engine.faults._lock for engine in engines]
    assert len(told) == 1
    told[0]()
    assert all(engine.faults._lock is not lock for engine, lock in zip(engines, locks, strict=True))
    forks.registered.cache_clear()
