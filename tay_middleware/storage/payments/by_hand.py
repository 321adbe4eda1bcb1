"""Sales that an admin marked by hand and no payment stands behind.

A mark says that a mention led to a sale, and may say for how much and when. When it was made says
nothing of when that was: a month's marks are often made on one day.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Subquery, and_, func, literal, not_, or_, select

from tay_middleware.storage.payments.tables import conversion_marks, conversions
from tay_middleware.storage.sql import escalation_logs
from tay_middleware.storage.turns.ids import asked_between

BY_HAND = "by_hand"
"""What such sales are called where purchases go by their kind."""


def when_is_known() -> ColumnElement[bool]:
    """Whether the `converted_at` of a mention that is converted is when it was sold."""
    mention, sold, said = escalation_logs.c, conversions.c, conversion_marks.c
    paid = select(sold.id).where(sold.escalation_id == mention.id, sold.counts)
    told = select(said.id).where(
        said.escalation_id == mention.id, said.sold_at == mention.converted_at
    )
    return or_(paid.exists(), told.exists())


def revenue_by_hand(connection: Connection, since: datetime, until: datetime) -> Sequence[Any]:
    """Sales by hand of a period, as rows of `sales.Figures.revenue` of the kind `by_hand`.

    Those without an amount have no currency and a `net` of 0. A sale is of the time that was said,
    else of its mention's. A mention that was paid for as well is not among them, nor when all of it
    went back: a refund does not make the mark's amount revenue again.
    """
    last, sold = _last_words(), conversions.c
    paid = select(sold.id).where(
        sold.escalation_id == last.c.escalation_id, sold.paid_at.is_not(None)
    )
    of_mention = and_(
        last.c.sold_at.is_(None),
        *asked_between(last.c.escalation_id, since, until),
    )
    net = func.coalesce(func.sum(last.c.amount), 0)
    statement = (
        select(
            literal(BY_HAND).label("kind"),
            last.c.currency,
            func.count().label("conversions"),
            net.label("net"),
            net.label("lifetime"),
        )
        .where(
            last.c.place == 1,
            last.c.converted,
            not_(paid.exists()),
            or_(and_(last.c.sold_at >= since, last.c.sold_at < until), of_mention),
        )
        .group_by(last.c.currency)
        .order_by(last.c.currency)
    )
    return connection.execute(statement).all()


def _last_words() -> Subquery:
    """What admins said of mentions, the last word with `place` 1."""
    said = conversion_marks.c
    order = func.row_number().over(
        partition_by=said.escalation_id, order_by=[said.at.desc(), said.id.desc()]
    )
    return select(conversion_marks, order.label("place")).subquery()
