"""Lets an AI mentor recommend paid help the way a good human mentor does.

    from tay_middleware import EscalationStep

    tay = EscalationStep(bound=model)
    chain = prompt | tay | StrOutputParser()

Wrap the model; every reply passes through as it is, and about one in eight ends with a helpful
sentence about the right offer. See the README.

Names are imported when they are first used: a command that only decides does not pay for LangChain.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tay_middleware.domain import Decision, Mode, Reason, Strength, Suppression, Tier
    from tay_middleware.engine import Escalator
    from tay_middleware.errors import (
        ConfigurationError,
        InputError,
        PlaybookError,
        StorageError,
        TayError,
    )
    from tay_middleware.langchain import (
        EscalationAgentMiddleware,
        EscalationChatModel,
        EscalationStep,
    )
    from tay_middleware.playbook import Playbook, load_playbook
    from tay_middleware.settings import Settings, load_settings

__all__ = [
    "ConfigurationError",
    "Decision",
    "EscalationAgentMiddleware",
    "EscalationChatModel",
    "EscalationStep",
    "Escalator",
    "InputError",
    "Mode",
    "Playbook",
    "PlaybookError",
    "Reason",
    "Settings",
    "StorageError",
    "Strength",
    "Suppression",
    "TayError",
    "Tier",
    "load_playbook",
    "load_settings",
]

_HOMES = {
    "domain": ("Decision", "Mode", "Reason", "Strength", "Suppression", "Tier"),
    "engine": ("Escalator",),
    "errors": ("ConfigurationError", "InputError", "PlaybookError", "StorageError", "TayError"),
    "langchain": ("EscalationAgentMiddleware", "EscalationChatModel", "EscalationStep"),
    "playbook": ("Playbook", "load_playbook"),
    "settings": ("Settings", "load_settings"),
}


def __getattr__(name: str) -> object:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"tay_middleware.{home}"), name)
    raise AttributeError(f"module 'tay_middleware' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
