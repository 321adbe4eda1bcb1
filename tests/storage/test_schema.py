import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from tay_middleware.errors import SchemaMismatch, StorageUnavailable
from tay_middleware.storage import current, upgrade
from tay_middleware.storage.migrations import HEAD, VERSION_TABLE
from tay_middleware.storage.sql import metadata


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tay.db"


def url(path: Path) -> str:
    return f"sqlite+aiosqlite:///{path}"


def test_a_new_file_has_no_version_and_then_the_newest(path: Path) -> None:
    assert current(url(path)) is None
    assert upgrade(url(path)) == HEAD
    assert current(url(path)) == HEAD


def test_upgrading_again_changes_nothing(path: Path) -> None:
    upgrade(url(path))
    before = path.read_bytes()
    assert upgrade(url(path)) == HEAD
    assert path.read_bytes() == before


def test_the_migrations_make_exactly_the_tables_of_the_code(path: Path) -> None:
    upgrade(url(path))
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_the_version_of_the_code_is_the_newest_script() -> None:
    config = Config()
    config.set_main_option("script_location", str(files("tay_middleware.storage") / "migrations"))
    assert ScriptDirectory.from_config(config).get_current_head() == HEAD


def test_eight_processes_may_upgrade_at_once(path: Path) -> None:
    code = "import sys; from tay_middleware.storage import upgrade; print(upgrade(sys.argv[1]))"
    with ThreadPoolExecutor(8) as pool:
        runs = list(
            pool.map(
                lambda _: subprocess.run(
                    [sys.executable, "-c", code, url(path)],
                    capture_output=True,
                    text=True,
                    check=False,
                ),
                range(8),
            )
        )
    assert [(run.returncode, run.stdout, run.stderr) for run in runs] == [(0, f"{HEAD}\n", "")] * 8


def test_a_newer_database_is_refused_with_its_mend(path: Path) -> None:
    upgrade(url(path))
    connection = sqlite3.connect(path)
    connection.execute(f"UPDATE {VERSION_TABLE} SET version_num = '9999'")  # noqa: S608 - our own name
    connection.commit()
    connection.close()
    with pytest.raises(SchemaMismatch, match="install the newer tay-middleware"):
        upgrade(url(path))


def test_a_failed_upgrade_leaves_no_half_of_it(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE user_profiles (something_else TEXT)")
    connection.commit()
    with pytest.raises(StorageUnavailable):
        upgrade(url(path))
    tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
    connection.close()
    assert tables == {"user_profiles"}


def test_a_path_with_a_percent_sign_works(tmp_path: Path) -> None:
    assert upgrade(url(tmp_path / "100%" / "tay.db")) == HEAD
