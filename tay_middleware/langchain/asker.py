"""Who asks: what an app may say of a person in `configurable`, and the turn that comes of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import UUID

from langchain_core.runnables import RunnableConfig
from langchain_core.runnables.utils import ConfigurableFieldSpec, get_unique_config_specs

from tay_middleware.engine import Escalator, Pending
from tay_middleware.langchain.reading import MADE_BY, Asked
from tay_middleware.langchain.slips import Slips

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


KNOWN = tuple(spec.id for spec in SPECS)
"""What is looked for in the context of a graph or an agent; it wins over `configurable`."""

GRAPH_RUNTIME = "__pregel_runtime"
"""Where LangGraph keeps, in `configurable`, what a graph was called with."""


_slips = Slips((*KNOWN, "thread_id"))


def specs_beside(theirs: Sequence[ConfigurableFieldSpec]) -> list[ConfigurableFieldSpec]:
    """Those of the wrapped runnable and ours; where both declare a field, theirs stands."""
    taken = {spec.id for spec in theirs}
    return get_unique_config_specs([*theirs, *(spec for spec in SPECS if spec.id not in taken)])


def as_told(asked: Asked | None, config: RunnableConfig) -> Asked | None:
    """What was asked, by the app's own word where it gives one; a prompt may hold much beside.

    A call that a middleware makes for itself (a summary of the talk) is nobody's question.
    """
    if (config.get("metadata") or {}).get(MADE_BY):
        return None
    told = given_in(config).get("question")
    if not isinstance(told, str) or not told.strip():
        return asked
    return replace(asked, question=told) if asked is not None else Asked(told)


def given_in(config: RunnableConfig) -> Mapping[str, Any]:
    """What an app says of who asks: in `configurable`, or in the context of a graph."""
    given = config.get("configurable") or {}
    runtime = given.get(GRAPH_RUNTIME)
    context = None if runtime is None else getattr(runtime, "context", None)
    return given if context is None else {**given, **known_in(context)}


def known_in(context: Any) -> dict[str, Any]:
    """What a context (a dict or any object) says of who asks; `None` says nothing."""
    if isinstance(context, Mapping):
        found = {name: context.get(name) for name in KNOWN}
    else:
        found = {name: getattr(context, name, None) for name in KNOWN}
    return {name: value for name, value in found.items() if value is not None}


def begin_turn(
    engine: Escalator, asked: Asked, config: RunnableConfig, parent_run_id: UUID | None
) -> Pending:
    """Begin the turn of a question; what is asked again (a retry, a tool loop) is the same turn."""
    given = given_in(config)
    user, session = given.get("user_id"), given.get("session_id") or given.get("thread_id")
    _slips.tell(given)
    seed, when_answered = _seed(asked, user, session), None
    if seed is None and parent_run_id is not None:
        seed, when_answered = _seed_in_run(engine, asked, f"{user!r}:{session!r}", parent_run_id)
    turn = engine.turn(
        question=asked.question,
        transcript=asked.transcript,
        user_id=user,
        session_id=session,
        tier=given.get("tier"),
        owned_offers=given.get("owned_offers"),
        turn_id=given.get("turn_id"),
        idempotency_seed=seed,
        signals=given.get("signals"),
    )
    return engine.begin(turn, when_answered)


def _seed(asked: Asked, user: object, session: object) -> str | None:
    """What makes two calls one turn: the message that asks; `None` where it has no such id.

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
    return None


def _seed_in_run(
    engine: Escalator, asked: Asked, identity: str, parent_run_id: UUID
) -> tuple[str, Callable[[], None]]:
    """What makes two calls in one run one turn until it is answered, and how to say that it is.

    The first turn's seed has no number: another engine that takes over (a fallback) has the same.
    """
    seed = f"{parent_run_id}:{identity}:{asked.fingerprint}"
    number = engine.repeats.current(seed)
    when_answered = partial(engine.repeats.answered, seed, number)
    return f"{seed}:{number}" if number else seed, when_answered


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
