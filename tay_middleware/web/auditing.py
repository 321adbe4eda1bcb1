"""Writes down who changed what, in the transaction of the change."""

from datetime import datetime

from tay_middleware.storage.desk import audit
from tay_middleware.storage.transaction import Transaction
from tay_middleware.web.auth import Actor
from tay_middleware.web.context import Context


def audited(
    transaction: Transaction,
    here: Context,
    actor: Actor,
    now: datetime,
    action: str,
    subject: object = None,
    **detail: object,
) -> None:
    """Write one row of the audit log; `detail` holds ids and choices, never words of a user."""
    audit.note(
        transaction,
        row_id=here.new_id(now),
        at=now,
        actor=actor.label,
        via=actor.via,
        action=action,
        subject=subject,
        detail=detail,
    )
