import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tay_middleware.private import make_home, write_private
from tay_middleware.settings import load_settings
from tay_middleware.storage import upgrade
from tay_middleware.storage.outbox.spool_file import connected


@pytest.fixture(autouse=True)
def umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def modes(home: Path) -> dict[str, int]:
    return {file.name: file.stat().st_mode & 0o777 for file in home.iterdir()}


def test_only_the_owner_reads_a_new_home(tmp_path: Path) -> None:
    home = tmp_path / ".tay"
    upgrade(f"sqlite+aiosqlite:///{home / 'tay.db'}")
    spool = connected(home / "spool.db", 1_000_000)
    spool.execute("DELETE FROM calls")
    load_settings(home=home).user_key_bytes()
    found = modes(home)
    spool.close()
    assert home.stat().st_mode & 0o777 == 0o700
    assert (home / ".gitignore").read_text() == "*\n"
    assert {mode for name, mode in found.items() if name != ".gitignore"} == {0o600}


def test_what_exists_keeps_its_mode(tmp_path: Path) -> None:
    home = tmp_path / "shared"
    home.mkdir(mode=0o750)
    file = home / "export.json"
    file.touch(mode=0o640)
    make_home(home)
    write_private(file, "{}")
    assert (home.stat().st_mode & 0o777, modes(home)) == (0o750, {"export.json": 0o640})


def test_a_new_export_is_of_its_owner(tmp_path: Path) -> None:
    write_private(tmp_path / "export.json", "{}")
    assert modes(tmp_path) == {"export.json": 0o600}
