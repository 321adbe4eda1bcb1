"""What users do with a mention: click on its link, say what they think of it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, func, or_, select, update

from tay_middleware.storage.payments.tables import feedback, link_clicks
from tay_middleware.storage.sql import escalation_logs, user_profiles
from tay_middleware.storage.transaction import insert


def mention_of_link(connection: Connection, token: str) -> Any:
    """The mention whose link it is (`id`, `user_key`, `offer`, `session_id`), or `None`."""
    return connection.execute(_MENTION.where(escalation_logs.c.link_token == token)).first()


def mention(connection: Connection, escalation_id: UUID) -> Any:
    """A mention by its id, as `mention_of_link` gives it."""
    return connection.execute(_MENTION.where(escalation_logs.c.id == escalation_id)).first()


_MENTION = select(
    escalation_logs.c.id,
    escalation_logs.c.user_key,
    escalation_logs.c.offer,
    escalation_logs.c.session_id,
)


def note_click(
    connection: Connection, escalation_id: UUID, user_key: str | None, now: datetime
) -> None:
    """Write down the first click; a further one changes nothing."""
    row = {"escalation_id": escalation_id, "user_key": user_key, "clicked_at": now}
    connection.execute(insert(connection)(link_clicks).on_conflict_do_nothing(), [row])


def note_feedback(connection: Connection, row: dict[str, Any]) -> None:
    """Write down what a user says of a mention; what was not said again stays as it was."""
    statement = insert(connection)(feedback).values(**row)
    said = statement.excluded
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["escalation_id"],
            set_={
                "helpful": func.coalesce(said.helpful, feedback.c.helpful),
                "stop": or_(feedback.c.stop, said.stop),
                "note": func.coalesce(said.note, feedback.c.note),
                "at": said.at,
            },
        )
    )


def note_refusal(
    connection: Connection, user_key: str, session_id: str | None, now: datetime, *, for_good: bool
) -> None:
    """Let history know of a user's no: a decline, or with `for_good` an opt-out too."""
    changes: dict[str, Any] = {"declined_at": now, "declined_session": session_id}
    if for_good:
        changes["opted_out_at"] = now
    known = update(user_profiles).where(user_profiles.c.user_key == user_key).values(**changes)
    if connection.execute(known).rowcount == 0:
        row = {"user_key": user_key, "first_seen": now, "last_seen": now, **changes}
        connection.execute(insert(connection)(user_profiles).on_conflict_do_nothing(), [row])
