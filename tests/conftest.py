"""What every test may use; nothing here reaches beyond the test's own directory."""

import os
from pathlib import Path

import pytest

from tay_middleware.playbook import Playbook, load_playbook
from tay_middleware.settings import Settings, load_settings
from tests.databases import migrated_file

pytest_plugins = ["tests.fixtures_servers", "tests.commands"]
"""Servers are of the whole run, or each directory would start its own; `tay` is of every page."""


@pytest.fixture(scope="session")
def playbook() -> Playbook:
    """The playbook that ships."""
    return load_playbook()


@pytest.fixture
def anyio_backend() -> str:
    """Tests marked `anyio` run on asyncio, the loop of the engine."""
    return "asyncio"


@pytest.fixture(autouse=True)
def _no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Tests see no TAY_* variable of the machine, and keep their files to themselves."""
    for name in [name for name in os.environ if name.startswith("TAY_")]:
        if not name.startswith("TAY_TEST_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of an embedded engine in the test's own directory, its database migrated."""
    migrated_file(tmp_path / "tay" / "tay.db")
    return load_settings(
        home=tmp_path / "tay", grace_seconds=2.0, recall_timeout_seconds=2.0, encoder="off"
    )
