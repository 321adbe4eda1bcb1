"""The surfaces over the engine that a LangChain app uses; the only door to `langchain_core`.

`EscalationStep` wraps any Runnable, `EscalationChatModel` is a chat model around another, and
`EscalationAgentMiddleware` puts that under an agent. It is imported when it is first used, because
`langchain` itself is an extra.
"""

from typing import TYPE_CHECKING

from tay_middleware.langchain.announce import EVENT_NAME
from tay_middleware.langchain.chat_model import EscalationChatModel
from tay_middleware.langchain.scripted import ScriptedChatModel
from tay_middleware.langchain.step import EscalationStep

if TYPE_CHECKING:
    from tay_middleware.langchain.agent import EscalationAgentMiddleware

__all__ = [
    "EVENT_NAME",
    "EscalationAgentMiddleware",
    "EscalationChatModel",
    "EscalationStep",
    "ScriptedChatModel",
]


def __getattr__(name: str) -> object:
    if name == "EscalationAgentMiddleware":
        from tay_middleware.langchain.agent import EscalationAgentMiddleware  # noqa: PLC0415 - an extra

        return EscalationAgentMiddleware
    raise AttributeError(f"module 'tay_middleware.langchain' has no attribute {name!r}")
