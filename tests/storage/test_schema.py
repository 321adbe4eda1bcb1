import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine

from tay_middleware.errors import SchemaMismatch
from tay_middleware.storage import current, upgrade
from tay_middleware.storage.desk.turned_away import turned_away
from tay_middleware.storage.migrations import COMPATIBLE_FROM, HEAD, VERSION_TABLE
from tay_middleware.storage.payments.purchases import id_of
from tay_middleware.storage.reading.day_sheets import day_sheets
from tay_middleware.storage.reading.reviews import reviews
from tay_middleware.storage.simulations import simulations


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
        # Each stands in a module of its own, which nothing else here may have imported.
        (metadata,) = {table.metadata for table in (day_sheets, reviews, simulations, turned_away)}
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_the_version_of_the_code_is_the_newest_script() -> None:
    config = Config()
    config.set_main_option("script_location", str(files("tay_middleware.storage") / "migrations"))
    scripts = ScriptDirectory.from_config(config)
    assert scripts.get_current_head() == HEAD
    assert COMPATIBLE_FROM in {script.revision for script in scripts.walk_revisions()}


@pytest.mark.scale
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
    connection.execute("UPDATE schema_compatibility SET compatible_from = '9999'")
    connection.commit()
    connection.close()
    with pytest.raises(SchemaMismatch, match="install the newer tay-middleware"):
        upgrade(url(path))


def test_a_failed_upgrade_leaves_no_half_of_it(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE user_profiles (something_else TEXT)")
    connection.commit()
    with pytest.raises(SchemaMismatch, match="use another database"):
        upgrade(url(path))
    tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
    connection.close()
    assert tables == {"user_profiles"}


def test_a_path_with_a_percent_sign_works(tmp_path: Path) -> None:
    assert upgrade(url(tmp_path / "100%" / "tay.db")) == HEAD


@contextmanager
def an_older(path: Path, version: str) -> Iterator[Connection]:
    """A database as an older version of ours left it."""
    config = Config()
    config.set_main_option("script_location", str(files("tay_middleware.storage") / "migrations"))
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, version)
        yield connection
    engine.dispose()


def put(connection: Connection, table: str, row: Mapping[str, Any]) -> None:
    listed, marks = ", ".join(row), ", ".join("?" * len(row))
    connection.exec_driver_sql(
        f"INSERT INTO {table} ({listed}) VALUES ({marks})",  # noqa: S608 - our own names
        tuple(row.values()),
    )


def test_a_file_of_the_first_version_learns_the_turns_of_its_mentions(path: Path) -> None:
    with an_older(path, "0001") as connection:
        for table in ("question_logs", "escalation_logs"):
            columns = connection.exec_driver_sql(f"PRAGMA table_info({table})").all()
            values = {
                name: {"id": "m1", "turn_id": "t1", "kind": "mention", "status": "replied"}.get(
                    name, _of_type(kind)
                )
                for _, name, kind, needed, *_ in columns
                if needed
            }
            values |= {"tier": "free", "stage": "keywords"}
            if table == "escalation_logs":
                values["strength"] = "gentle"
            put(connection, table, values)
    upgrade(url(path))
    with sqlite3.connect(path) as read:
        assert read.execute("SELECT id, turn_id FROM escalation_logs").fetchall() == [("m1", "t1")]


def test_purchases_survive_their_table_and_those_whose_mention_is_gone_keep_its_credit(
    path: Path,
) -> None:
    with an_older(path, "0008") as connection:
        columns = connection.exec_driver_sql("PRAGMA table_info(conversions)").all()
        needed = {name: _of_type(kind) for _, name, kind, is_needed, *_ in columns if is_needed}
        for name, more in (
            ("credited", {"kind": "attributed", "escalation_id": "gone", "user_key": "u"}),
            ("erased", {"kind": "organic", "method": "metadata"}),
            ("waiting", {"kind": "unmatched"}),
        ):
            row = needed | {"id": name, "purchase_key": name, "status": "paid", "net": 4900} | more
            put(connection, "conversions", row)
    upgrade(url(path))
    with sqlite3.connect(path) as read:
        rows = "SELECT id, net, credit_stays FROM conversions ORDER BY id"
        assert read.execute(rows).fetchall() == [
            ("credited", 4900, 1),
            ("erased", 4900, 1),
            ("waiting", 4900, 0),
        ]
        read.execute("UPDATE conversions SET kind = 'earlier'")
        with pytest.raises(sqlite3.IntegrityError, match="ck_conversions_kind"):
            read.execute("UPDATE conversions SET kind = 'odd'")


@pytest.mark.parametrize(
    ("counted", "left", "went"),
    [
        ("2026-01-01", "2026-03-05 12:00:00", ["2026-03-05 12:00:00.000000"]),
        ("2026-03-05", "2026-03-05 12:00:00", []),
        (None, None, []),
    ],
)
def test_up_to_when_rows_went_is_seen_by_the_oldest_that_is_left(
    path: Path, counted: str | None, left: str | None, went: list[str]
) -> None:
    with an_older(path, "0010") as connection:
        if counted is not None:
            count = {"day": counted, "dimension": "all", "value": "", "questions": 1}
            put(connection, "daily_counts", count | {"escalations": 0})
        if left is not None:
            columns = connection.exec_driver_sql("PRAGMA table_info(question_logs)").all()
            needed = {name: _of_type(kind) for _, name, kind, is_needed, *_ in columns if is_needed}
            row = {"tier": "free", "stage": "keywords", "kind": "none", "status": "replied"}
            put(connection, "question_logs", needed | row | {"created_at": left})
    upgrade(url(path))
    with sqlite3.connect(path) as read:
        assert [at for (at,) in read.execute("SELECT until FROM removals")] == went


def test_purchases_that_name_a_mention_which_never_came_wait_for_it_from_now_on(path: Path) -> None:
    with an_older(path, "0012") as connection:
        columns = connection.exec_driver_sql("PRAGMA table_info(conversions)").all()
        needed = {name: _of_type(kind) for _, name, kind, is_needed, *_ in columns if is_needed}
        told = {"provider": "stripe", "kind": "paid", "at": "2026-03-02 12:00:00"}
        for key, said, stays in (
            ("a", '{"token": "t"}', 0),
            ("b", json.dumps({"escalation_id": str(UUID(int=7))}), 0),
            ("c", '{"amount": 1}', 0),
            ("d", '{"token": "t"}', 1),
        ):
            row = {"id": key, "purchase_key": key, "credit_stays": stays}
            put(connection, "conversions", needed | row | {"kind": "unmatched", "status": "paid"})
            put(connection, "payment_facts", told | {"id": key, "purchase_key": key, "said": said})
            put(connection, "payment_keys", {"key": key, "purchase_key": key})
    upgrade(url(path))
    with sqlite3.connect(path) as read:
        waiting = read.execute("SELECT purchase_key, name FROM awaited_mentions ORDER BY 1")
        assert waiting.fetchall() == [("a", "t"), ("b", str(UUID(int=7)))]
        ids = read.execute("SELECT key, id FROM payment_keys ORDER BY key").fetchall()
        assert ids == [(key, str(id_of(key))) for key in "abcd"]


def test_the_words_of_what_meant_nothing_go_and_its_hash_stays(path: Path) -> None:
    with an_older(path, "0015") as connection:
        came = {"provider": "stripe", "received_at": "2026-03-02 12:00:00", "attempts": 1}
        for name, outcome in (("a", "ignored"), ("b", "applied"), ("c", None)):
            said = {"headers": '{"x": 1}', "body": b"{}", "body_hash": name, "outcome": outcome}
            put(connection, "webhook_events", came | said | {"id": name, "external_id": name})
    upgrade(url(path))
    with sqlite3.connect(path) as read:
        rows = (
            "SELECT headers, body, body_hash, redacted_at IS NULL FROM webhook_events ORDER BY id"
        )
        kept = [('{"x": 1}', b"{}", name, 1) for name in "bc"]
        assert read.execute(rows).fetchall() == [("{}", None, "a", 0), *kept]


def _of_type(kind: str) -> object:
    return 0 if kind.startswith(("BOOL", "INT", "FLOAT")) else "2026-01-01 00:00:00"
