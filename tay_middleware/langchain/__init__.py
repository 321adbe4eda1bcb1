"""The surfaces over the engine that a LangChain app uses; the only door to `langchain_core`."""

from tay_middleware.langchain.beside import EVENT_NAME
from tay_middleware.langchain.scripted import ScriptedChatModel
from tay_middleware.langchain.step import EscalationStep

__all__ = [
    "EVENT_NAME",
    "EscalationStep",
    "ScriptedChatModel",
]
