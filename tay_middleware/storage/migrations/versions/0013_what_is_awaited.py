"""Mentions that purchases name and the log does not have yet; ids that purchases had."""

import json
from typing import Any
from uuid import UUID, uuid5

import sqlalchemy as sa
from alembic import op

from tay_middleware.storage.columns import Id

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

PURCHASES = UUID("0c9b6f5e-2f43-5d0e-8f3f-5b1f0c6a9d27")

AT_ONCE = 1_000


def upgrade() -> None:
    op.create_table(
        "awaited_mentions",
        sa.Column("purchase_key", sa.Text(), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("purchase_key", "name", name=op.f("pk_awaited_mentions")),
    )
    op.add_column("payment_keys", sa.Column("id", Id(), nullable=True))
    op.create_index(op.f("ix_payment_keys_id"), "payment_keys", ["id"])
    _ids_of_before()
    _awaited_already()


def _ids_of_before() -> None:
    connection = op.get_bind()
    keys = sa.table("payment_keys", sa.column("key", sa.Text()), sa.column("id", Id()))
    put = sa.update(keys).where(keys.c.key == sa.bindparam("of")).values(id=sa.bindparam("now"))
    known = list(connection.execute(sa.select(keys.c.key)).scalars())
    for first in range(0, len(known), AT_ONCE):
        some = known[first : first + AT_ONCE]
        connection.execute(put, [{"of": key, "now": uuid5(PURCHASES, key)} for key in some])


def _awaited_already() -> None:
    """What facts name and no mention is; a purchase whose credit stays waits for nothing."""
    connection = op.get_bind()
    told = connection.execute(
        sa.text(
            "SELECT f.purchase_key, CAST(f.said AS TEXT) FROM payment_facts AS f "
            "JOIN conversions AS c ON c.purchase_key = f.purchase_key "
            "WHERE NOT c.credit_stays AND (CAST(f.said AS TEXT) LIKE '%\"token\"%' "
            "OR CAST(f.said AS TEXT) LIKE '%\"escalation_id\"%')"
        )
    )
    named = {(key, name) for key, said in told for name in _names(json.loads(said))}
    rows = [{"key": key, "name": name} for key, name in sorted(named) if not _is_logged(name)]
    if rows:
        put = sa.text("INSERT INTO awaited_mentions (purchase_key, name) VALUES (:key, :name)")
        connection.execute(put, rows)


def _names(said: dict[str, Any]) -> list[str]:
    return [said[name] for name in ("token", "escalation_id") if said.get(name)]


def _is_logged(name: str) -> bool:
    shown = sa.table("escalation_logs", sa.column("id", Id()), sa.column("link_token", sa.Text()))
    is_id = len(name) == 36
    which = shown.c.id == UUID(name) if is_id else shown.c.link_token == name
    return op.get_bind().execute(sa.select(shown.c.id).where(which).limit(1)).first() is not None
