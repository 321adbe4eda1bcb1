"""EscalationAgentMiddleware: the chat-model surface, put under an agent of `create_agent`.

An agent shows what its model streams; so the model of every call is wrapped, and nothing is done to
messages afterwards. Only the last message of a tool loop can get an addition, and the whole loop is
one turn: it is asked by one message.

Needs the extra `agent`. Without it the name is there, and making one says what is missing.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Never

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.runnables import Runnable

from tay_middleware.engine import Escalator, Seat
from tay_middleware.engine.telling import tell_once
from tay_middleware.errors import ConfigurationError
from tay_middleware.langchain.announce import EVENT_NAME
from tay_middleware.langchain.arguments import only_fitting, refuse_unknown
from tay_middleware.langchain.asker import known_in
from tay_middleware.langchain.chat_model import EscalationChatModel
from tay_middleware.langchain.reading import said_in
from tay_middleware.langchain.replies import METADATA_KEY
from tay_middleware.langchain.wrapping import wrapped_within
from tay_middleware.settings import Settings

if TYPE_CHECKING:
    from langchain.agents.middleware import AgentMiddleware, ModelRequest, ModelResponse

    _Base = AgentMiddleware[Any, Any, Any]
else:
    try:
        from langchain.agents.middleware import AgentMiddleware as _Base
    except ImportError:
        _Base = object

NOT_WRAPPED = (
    "the agent's model is a %s, which no chat model can be found in: its replies get no addition; "
    "give the agent a chat model, or one with fallbacks, retries or bound arguments"
)

PASSED_BY = (
    "a reply of an agent came from no model that we wrapped: middleware behind ours gave it, or "
    "asked another model. Nothing is added to such replies, and none is logged as one: put "
    "EscalationAgentMiddleware last in the list"
)

_MODEL_NAMES = frozenset({"bound", "model", "llm"})

_log = logging.getLogger("tay_middleware")


class EscalationAgentMiddleware(_Base):
    """Lets an agent's final reply end with at most one mention.

    `create_agent(model, tools, middleware=[EscalationAgentMiddleware()])`; put it last, so that
    middleware that picks another model or shows it more does so before this one wraps it. Who asks
    is read from the agent's context (a dict or an object with `user_id`, `tier`, …), else from
    `configurable`; what is asked, from the agent's state.

    The decision of the final reply is in its `response_metadata["tay"]`, and is written to
    `stream_mode="custom"` as `{"tay_decision": …}`.

    A model with fallbacks, retries, bound arguments or a config of its own is wrapped inside those.
    One that is chosen at the call (`configurable_fields`) is asked as if we were not there, and a
    warning says so once.

    Args:
        settings: the operator's knobs; default: from `TAY_*` variables.
        escalator: an engine to share; default: that of this process for `settings`.

    Raises:
        ConfigurationError: settings are wrong, or the extra is not installed.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *unnamed: Never,
        escalator: Escalator | None = None,
        **unknown: Never,
    ) -> None:
        """Take a seat at the engine; `unnamed` and `unknown` are refused with the mend."""
        if _Base is object:
            raise ConfigurationError(
                "EscalationAgentMiddleware needs an extra: pip install 'tay-middleware[agent]'"
            )
        _refuse(settings, escalator, unnamed, unknown)
        super().__init__()
        self._seat = Seat.at(escalator, lambda: Escalator.shared(settings))
        self._latest: tuple[BaseChatModel, EscalationChatModel] | None = None
        self._told_of: set[str] = set()

    @property
    def escalator(self) -> Escalator:
        """The engine, for surfaces beside this one."""
        return self._seat.engine

    def wrap_model_call(
        self,
        request: "ModelRequest[Any]",
        handler: "Callable[[ModelRequest[Any]], ModelResponse[Any]]",
    ) -> "ModelResponse[Any]":
        """Ask the agent's model through ours."""
        ours = _Asked()
        response = handler(self._over(request, ours))
        self._write(request, response, ours)
        return response

    async def awrap_model_call(
        self,
        request: "ModelRequest[Any]",
        handler: "Callable[[ModelRequest[Any]], Awaitable[ModelResponse[Any]]]",
    ) -> "ModelResponse[Any]":
        """As `wrap_model_call`, without blocking."""
        ours = _Asked()
        response = await handler(self._over(request, ours))
        self._write(request, response, ours)
        return response

    def flush(self, timeout_seconds: float = 5.0) -> bool:
        """Wait until every decision so far is written; false when the time was too short."""
        return self._seat.engine.flush(timeout_seconds)

    def close(self) -> None:
        """Write what is unwritten and, as the last at its engine, let go of the store.

        For apps that end before Python does.
        """
        self._seat.leave()

    def _over(self, request: "ModelRequest[Any]", ours: "_Asked") -> "ModelRequest[Any]":
        """The request with our chat model in it; as it was where that cannot be."""
        if not self._seat.engine.takes_part():
            return request
        with self._seat.engine.guard("an agent's model")("wrap"):
            known = known_in(getattr(request.runtime, "context", None))
            said = said_in(request.state, request.messages)
            model = wrapped_within(
                request.model, lambda found: ours.noting(self._ours(found), known, said)
            )
            if model is not None:
                return request.override(model=model)
            self._tell_once(type(request.model).__name__)
        return request

    def _ours(self, model: BaseChatModel) -> EscalationChatModel:
        if isinstance(model, EscalationChatModel):
            return model
        # An agent asks the same model at every step; ours of it describes itself but once.
        latest = self._latest
        if latest is None or latest[0] is not model:
            latest = self._latest = (
                model,
                EscalationChatModel(bound=model, escalator=self._seat.engine),
            )
        return latest[1]

    def _tell_once(self, kind: str) -> None:
        if kind not in self._told_of:
            self._told_of.add(kind)
            _log.warning(NOT_WRAPPED, kind)

    def _write(
        self, request: "ModelRequest[Any]", response: "ModelResponse[Any]", ours: "_Asked"
    ) -> None:
        """Write the decision of a final reply to the graph's custom stream."""
        if not self._seat.engine.takes_part():
            return
        with self._seat.engine.guard("an agent's reply")("event"):
            write = getattr(request.runtime, "stream_writer", None)
            replies = [one for one in response.result if isinstance(one, AIMessage)]
            told_of = [one for one in replies if METADATA_KEY in one.response_metadata]
            if ours.were_passed_by and not told_of:
                tell_once(PASSED_BY)
            for reply in told_of:
                if write is not None and not reply.tool_calls:
                    told = reply.response_metadata[METADATA_KEY]
                    write({EVENT_NAME: {**told, "message_id": reply.id}})


class _Asked:
    """Our models of one call of an agent's, and whether one of them has answered it."""

    def __init__(self) -> None:
        self._are_there = False
        self._have_answered = False

    @property
    def were_passed_by(self) -> bool:
        """Whether the reply, if there is one, comes from elsewhere."""
        return self._are_there and not self._have_answered

    def noting(
        self,
        model: EscalationChatModel,
        known: Mapping[str, Any],
        said: Sequence[BaseMessage] | None,
    ) -> EscalationChatModel:
        """`model`, told who asks what, and heard when it answers."""
        self._are_there = True
        return model.known_as(known, said, self._note)

    def _note(self) -> None:
        self._have_answered = True


def _refuse(
    settings: object, escalator: object, unnamed: Sequence[object], unknown: Mapping[str, object]
) -> None:
    """Refuse what no agent surface is made of.

    Raises:
        ConfigurationError: an argument is unknown or no such thing; what is meant is told.
    """
    name = EscalationAgentMiddleware.__name__
    if unnamed or isinstance(settings, Runnable) or not _MODEL_NAMES.isdisjoint(unknown):
        raise ConfigurationError(
            f"{name} takes settings, and `escalator` by name; the model is the agent's: "
            f"create_agent(model, tools, middleware=[{name}()])"
        )
    refuse_unknown(name, unknown, ("settings", "escalator"))
    only_fitting(name, {"settings": settings, "escalator": escalator})
