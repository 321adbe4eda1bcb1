"""Who asks: what an app may say of a person in `configurable`, and the turn that comes of it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from langchain_core.runnables import RunnableConfig
from langchain_core.runnables.utils import ConfigurableFieldSpec, get_unique_config_specs

from tay_middleware.domain import Turn
from tay_middleware.engine import Escalator
from tay_middleware.langchain.reading import Asked

SPECS = (
    # Word for word LangChain's own, as its message history declares them: two different
    # descriptions of one field in one chain are an error there.
    ConfigurableFieldSpec(
        id="user_id",
        annotation=str,
        name="User ID",
        description="Unique identifier for the user.",
        default="",
        is_shared=True,
    ),
    ConfigurableFieldSpec(
        id="session_id",
        annotation=str,
        name="Session ID",
        description="Unique identifier for a session.",
        default="",
        is_shared=True,
    ),
    ConfigurableFieldSpec(
        id="tier",
        annotation=str | None,
        name="Tier",
        description="free, premium or vip; anything else is free.",
        default=None,
    ),
    ConfigurableFieldSpec(
        id="owned_offers",
        annotation=list[str],
        name="Owned offers",
        description="What the user has bought already.",
        default=[],
    ),
    ConfigurableFieldSpec(
        id="turn_id",
        annotation=str | None,
        name="Turn id",
        description="The turn, so that a repeated one counts once.",
        default=None,
    ),
    ConfigurableFieldSpec(
        id="question",
        annotation=str | None,
        name="Question",
        description="What the user asked, where the input holds more than that.",
        default=None,
    ),
    ConfigurableFieldSpec(
        id="signals",
        annotation=dict[str, Any],
        name="Signals",
        description="What the app knows: language, region, age_flag, missing_knowledge, …",
        default={},
    ),
)
"""All of them may be missing. Without a `user_id` there is no history, and a mention is gentle;
`thread_id` is accepted for `session_id`."""


def specs_beside(theirs: Sequence[ConfigurableFieldSpec]) -> list[ConfigurableFieldSpec]:
    """Those of the wrapped runnable and ours; where both declare a field, theirs stands."""
    taken = {spec.id for spec in theirs}
    return get_unique_config_specs([*theirs, *(spec for spec in SPECS if spec.id not in taken)])


def as_told(asked: Asked | None, config: RunnableConfig) -> Asked | None:
    """What was asked, by the app's own word where it gives one; a prompt may hold much beside."""
    told = (config.get("configurable") or {}).get("question")
    if not isinstance(told, str) or not told.strip():
        return asked
    return replace(asked, question=told) if asked is not None else Asked(told)


def turn_of(
    engine: Escalator, asked: Asked, config: RunnableConfig, parent_run_id: UUID | None
) -> Turn:
    """The turn of a question; what is asked again (a retry, a tool loop) is the same turn."""
    given = config.get("configurable") or {}
    user, session = given.get("user_id"), given.get("session_id") or given.get("thread_id")
    return engine.turn(
        question=asked.question,
        transcript=asked.transcript,
        user_id=user,
        session_id=session,
        tier=given.get("tier"),
        owned_offers=given.get("owned_offers"),
        turn_id=given.get("turn_id"),
        idempotency_seed=_seed(asked, user, session, parent_run_id),
        signals=given.get("signals"),
    )


def _seed(asked: Asked, user: object, session: object, parent_run_id: UUID | None) -> str | None:
    """What makes two calls one turn: the message that asks, else the run in which it is asked.

    A graph asks a model in a run of its own at every step of a tool loop; the message stays. A UUID
    cannot meet another by chance. Any other id is an app's own and may be a counter: it is trusted
    of somebody who is known, for the same words after the same messages. One run may ask for many
    people, so who asks is part of every seed.
    """
    identity = f"{user!r}:{session!r}"
    if asked.message_id is not None and _is_uuid(asked.message_id):
        return f"message:{identity}:{asked.message_id}:{asked.question}"
    if asked.message_id and (user or session):
        return f"message:{identity}:{asked.message_id!r}:{asked.fingerprint}"
    return f"{parent_run_id}:{identity}:{asked.fingerprint}" if parent_run_id else None


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
