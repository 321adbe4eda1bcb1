"""Credit that outlives the rows it rests on: retention removes them, erasing makes them nobody's.

A purchase is made again whenever its provider says something of it. What the log cannot answer any
more must not be asked again then: the purchase is marked, and its credit stays as it is.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, delete, exists, or_, text, update

from tay_middleware.storage.locks import PAYMENTS_LOCK, hold
from tay_middleware.storage.payments.tables import awaited_mentions, conversions

GIVES_WAY_AFTER = "500ms"
"""Less than the second after which a server looks for a deadlock, and may end the other of two."""


def give_way(connection: Connection) -> None:
    """Let a transaction that is going to be rolled back wait for nobody's rows.

    A statement that would wait raises `StorageUnavailable`.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SET LOCAL lock_timeout = '{GIVES_WAY_AFTER}'"))


def lock(connection: Connection) -> None:
    """Wait until no other transaction makes purchases."""
    hold(connection, PAYMENTS_LOCK)


def keep_credit(connection: Connection, until: datetime, below: UUID) -> None:
    """Let the credit stay of purchases whose mentions are about to go; call it before they do.

    Nor does any such purchase wait for a mention any more.

    Args:
        connection: in a transaction; no purchase is made until it ends.
        until: rows of before are to go; a purchase that began before rests on no others.
        below: the first id of a mention that is to stay.
    """
    lock(connection)
    sold = conversions.c
    named = (sold.escalation_id, sold.first_escalation_id, sold.cross_escalation_id)
    rests = or_(sold.begun_at < until, *(column < below for column in named))
    connection.execute(
        update(conversions).where(sold.credit_stays.is_(False), rests).values(credit_stays=True)
    )
    waits = awaited_mentions.c
    stays = exists().where(sold.purchase_key == waits.purchase_key, sold.credit_stays)
    connection.execute(delete(awaited_mentions).where(stays))
