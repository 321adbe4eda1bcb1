"""The database says which older versions may write it; turns that failed are no questions."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

DIMENSIONS = ("tier", "kind", "suppressed", "offer", "reason", "strength", "template", "arm")

FAILED = "status = 'failed' AND kind <> 'mention'"
"""Nobody was shown anything then; a mention that stands there all the same is left alone."""


def upgrade() -> None:
    op.create_table(
        "schema_compatibility",
        sa.Column("compatible_from", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("compatible_from", name=op.f("pk_schema_compatibility")),
    )
    _uncount_by_hour()
    _uncount_by_day()


def _is_server() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def _uncount_by_hour() -> None:
    hour = (
        "date_trunc('hour', created_at AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'"
        if _is_server()
        else "strftime('%Y-%m-%d %H:00:00.000000', created_at)"
    )
    parts = ", ".join(f"coalesce({name}, '') AS d_{name}" for name in DIMENSIONS)
    groups = ", ".join(f"coalesce({name}, '')" for name in DIMENSIONS)
    which = " AND ".join(f"{name} = :d_{name}" for name in DIMENSIONS)
    _apply(
        f"SELECT {hour} AS h, {parts}, count(*) AS n, "  # noqa: S608 - our own names
        "sum(CASE WHEN detected THEN 1 ELSE 0 END) AS found "
        f"FROM question_logs WHERE {FAILED} GROUP BY 1, {groups}",
        "UPDATE hourly_stats SET questions = questions - :n, detected = detected - :found "  # noqa: S608 - the same
        f"WHERE hour = :h AND {which}",
    )


def _uncount_by_day() -> None:
    day = "CAST(created_at AT TIME ZONE 'UTC' AS date)" if _is_server() else "date(created_at)"
    _apply(
        f"SELECT {day} AS d, count(*) AS n FROM question_logs WHERE {FAILED} GROUP BY 1",  # noqa: S608 - our own names
        "UPDATE daily_counts SET questions = questions - :n "
        "WHERE day = :d AND dimension = 'all' AND value = ''",
    )


def _apply(counted: str, change: str) -> None:
    """Change what is kept by what was counted, group by group."""
    connection = op.get_bind()
    rows = [dict(row) for row in connection.execute(sa.text(counted)).mappings()]
    if rows:
        connection.execute(sa.text(change), rows)
