"""Lets an AI mentor recommend paid help the way a good human mentor does.

    from tay_middleware import EscalationStep

    tay = EscalationStep(bound=model)
    chain = prompt | tay | StrOutputParser()

Wrap the model; every reply passes through as it is, and about one in eight ends with a helpful
sentence about the right offer. See the README.
"""

from tay_middleware.domain import Decision, Mode, Reason, Strength, Suppression, Tier
from tay_middleware.engine import Escalator
from tay_middleware.errors import (
    ConfigurationError,
    InputError,
    PlaybookError,
    StorageError,
    TayError,
)
from tay_middleware.langchain import EscalationStep
from tay_middleware.playbook import Playbook, load_playbook
from tay_middleware.settings import Settings, load_settings

__all__ = [
    "ConfigurationError",
    "Decision",
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
