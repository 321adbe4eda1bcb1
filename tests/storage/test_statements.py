import sqlite3
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.dialects import sqlite

from tay_middleware.storage.turns import statements
from tests.databases import migrated


@pytest.mark.parametrize(
    "name",
    ["RECENT", "MENTIONS", "MENTIONS_SINCE", "PROFILE", "EARLIER", "LAST_IN_SESSION", "SPANS"],
)
def test_no_statement_of_a_turn_walks_over_a_table_or_sorts_a_users_rows(
    tmp_path: Path, name: str
) -> None:
    statement: Any = getattr(statements, name)
    sql = str(statement.compile(dialect=sqlite.dialect()))
    path = tmp_path / "tay.db"
    migrated(f"sqlite+aiosqlite:///{path}")
    connection = sqlite3.connect(path)
    plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", [1] * sql.count("?"))]
    connection.close()
    assert plan
    assert not [step for step in plan if step.startswith("SCAN")]
    if name in ("RECENT", "SPANS", "MENTIONS"):
        assert not [step for step in plan if "TEMP B-TREE" in step]
