"""EscalationAgentMiddleware: the chat-model surface, put under an agent of `create_agent`.

An agent shows what its model streams; so the model of every call is wrapped, and nothing is done to
messages afterwards. Only the last message of a tool loop can get an addition, and the whole loop is
one turn: it is asked by one message.

Needs the extra `agent`. Without it the name is there, and making one says what is missing.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage

from tay_middleware.engine import Escalator
from tay_middleware.errors import ConfigurationError
from tay_middleware.langchain.announce import EVENT_NAME
from tay_middleware.langchain.asker import SPECS
from tay_middleware.langchain.chat_model import EscalationChatModel
from tay_middleware.langchain.replies import METADATA_KEY
from tay_middleware.settings import Settings

if TYPE_CHECKING:
    from langchain.agents.middleware import AgentMiddleware, ModelRequest, ModelResponse

    _Base = AgentMiddleware[Any, Any, Any]
else:
    try:
        from langchain.agents.middleware import AgentMiddleware as _Base
    except ImportError:
        _Base = object

KNOWN = tuple(spec.id for spec in SPECS)
"""What is looked for in the agent's context; what is not there is read from `configurable`."""


class EscalationAgentMiddleware(_Base):
    """Lets an agent's final reply end with at most one mention.

    `create_agent(model, tools, middleware=[EscalationAgentMiddleware()])`; put it last, so that
    middleware that picks another model does so before this one wraps it. Who asks is read from the
    agent's context (a dict or an object with `user_id`, `tier`, …), else from `configurable`.

    The decision of the final reply is in its `response_metadata["tay"]`, and is written to
    `stream_mode="custom"` as `{"tay_decision": …}`.

    Args:
        settings: the operator's knobs; default: from `TAY_*` variables.
        escalator: an engine to share between surfaces; default: one of its own, from `settings`.

    Raises:
        ConfigurationError: settings or playbook are wrong, or the extra is not installed.
    """

    def __init__(
        self, settings: Settings | None = None, *, escalator: Escalator | None = None
    ) -> None:
        if _Base is object:
            raise ConfigurationError(
                "EscalationAgentMiddleware needs an extra: pip install 'tay-middleware[agent]'"
            )
        super().__init__()
        self._engine = escalator or Escalator.from_settings(settings)

    def wrap_model_call(
        self,
        request: "ModelRequest[Any]",
        handler: "Callable[[ModelRequest[Any]], ModelResponse[Any]]",
    ) -> "ModelResponse[Any]":
        """Ask the agent's model through ours."""
        response = handler(request.override(model=self._over(request)))
        _write(request, response)
        return response

    async def awrap_model_call(
        self,
        request: "ModelRequest[Any]",
        handler: "Callable[[ModelRequest[Any]], Awaitable[ModelResponse[Any]]]",
    ) -> "ModelResponse[Any]":
        """As `wrap_model_call`, without blocking."""
        response = await handler(request.override(model=self._over(request)))
        _write(request, response)
        return response

    def flush(self, timeout_seconds: float = 5.0) -> bool:
        """Wait until every decision so far is written; false when the time was too short."""
        return self._engine.flush(timeout_seconds)

    def close(self) -> None:
        """Write what is unwritten and let go of the store; for apps that end before Python does."""
        self._engine.close()

    def _over(self, request: "ModelRequest[Any]") -> BaseChatModel:
        model = request.model
        if not isinstance(model, EscalationChatModel):
            model = EscalationChatModel(bound=model, escalator=self._engine)
        known = _known(getattr(request.runtime, "context", None))
        return model.known_as(known) if known else model


def _known(context: Any) -> dict[str, Any]:
    """What an agent's context says of who asks."""
    if isinstance(context, Mapping):
        return {name: context[name] for name in KNOWN if context.get(name) is not None}
    found = {name: getattr(context, name, None) for name in KNOWN}
    return {name: value for name, value in found.items() if value is not None}


def _write(request: "ModelRequest[Any]", response: "ModelResponse[Any]") -> None:
    """Write the decision of a final reply to the graph's custom stream."""
    write = getattr(request.runtime, "stream_writer", None)
    for message in response.result:
        if write is None or not isinstance(message, AIMessage) or message.tool_calls:
            continue
        told = message.response_metadata.get(METADATA_KEY)
        if told is not None:
            write({EVENT_NAME: {**told, "message_id": message.id}})
