"""The public face: what outsiders may import, and what importing it costs."""

import subprocess
import sys

import pytest

import tay_middleware

NAMES = [
    *("ConfigurationError", "Decision", "EscalationAgentMiddleware", "EscalationChatModel"),
    *("EscalationStep", "Escalator", "InputError", "Mode"),
    *("Playbook", "PlaybookError", "Reason", "Settings", "StorageError", "Strength"),
    *("Suppression", "TayError", "Tier", "load_playbook", "load_settings"),
]


def test_the_public_names_are_pinned() -> None:
    assert sorted(NAMES) == tay_middleware.__all__ == dir(tay_middleware)


@pytest.mark.parametrize("name", NAMES)
def test_every_public_name_can_be_imported(name: str) -> None:
    assert getattr(tay_middleware, name).__name__ == name


def test_an_unknown_name_is_no_attribute() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'Nobody'"):
        tay_middleware.Nobody  # noqa: B018 - asking for it is the test


def test_deciding_does_not_import_langchain() -> None:
    code = "import sys, tay_middleware.cli.main; print('langchain_core' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "False\n"


def test_without_the_extra_every_name_is_there_and_the_agent_says_what_is_missing() -> None:
    code = (
        "import sys; sys.modules['langchain'] = None\n"
        "from tay_middleware import *\n"
        "try:\n    EscalationAgentMiddleware()\n"
        "except ConfigurationError as error:\n    print(error)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pip install 'tay-middleware[agent]'" in run.stdout


def test_a_chain_does_not_import_langchain_itself() -> None:
    code = (
        "import sys; from tay_middleware import EscalationChatModel, EscalationStep\n"
        "print({'langchain', 'langgraph'} & set(sys.modules))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "set()\n"
