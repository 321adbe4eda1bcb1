"""Writes down who changed what from a terminal, in the transaction of the change."""

import getpass
import secrets
from datetime import UTC, datetime
from uuid import UUID

from tay_middleware.domain import uuid7
from tay_middleware.storage.desk import audit
from tay_middleware.storage.transaction import Transaction

VIA = "cli"
"""How it was done; beside `api` and `dashboard`."""


def new_id(now: datetime) -> UUID:
    """A fresh id of a moment."""
    return uuid7(now, secrets.randbits(74))


def me() -> str:
    """Who is at the terminal."""
    try:
        return f"cli:{getpass.getuser()}"[:80]
    except (KeyError, OSError):
        return "cli"


def noted(
    transaction: Transaction, /, action: str, subject: object = None, **detail: object
) -> None:
    """Write one row of the audit log; `detail` holds ids and choices, never words of a user."""
    now = datetime.now(UTC)
    audit.note(
        transaction,
        row_id=new_id(now),
        at=now,
        actor=me(),
        via=VIA,
        action=action,
        subject=subject,
        detail=detail,
    )
