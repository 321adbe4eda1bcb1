"""Who asks: what an app may say of a person in `configurable`, and the turn that comes of it."""

from collections.abc import Sequence
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


def turn_of(
    engine: Escalator, asked: Asked, config: RunnableConfig, parent_run_id: UUID | None
) -> Turn:
    """The turn of a question: a repetition under the same parent run is the same turn."""
    given = config.get("configurable") or {}
    return engine.turn(
        question=asked.question,
        transcript=asked.transcript,
        user_id=given.get("user_id"),
        session_id=given.get("session_id") or given.get("thread_id"),
        tier=given.get("tier"),
        owned_offers=given.get("owned_offers"),
        turn_id=given.get("turn_id"),
        idempotency_seed=f"{parent_run_id}:{asked.fingerprint}" if parent_run_id else None,
        signals=given.get("signals"),
    )
