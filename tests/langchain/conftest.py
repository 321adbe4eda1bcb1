from collections.abc import Callable, Iterator
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel

from tay_middleware import EscalationChatModel, EscalationStep, Escalator
from tay_middleware.settings import load_settings
from tests.langchain.openai_server import OpenAIServer


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Escalator]:
    """One engine for the tests of a file; each test brings users of its own (`someone`)."""
    made = Escalator.from_settings(
        load_settings(
            home=tmp_path_factory.mktemp("tay"),
            grace_seconds=10.0,
            recall_timeout_seconds=10.0,
            scorer="off",  # what shows, and not what deserves to
        )
    )
    yield made
    made.close()


@pytest.fixture
def wrap(engine: Escalator) -> Callable[..., EscalationStep]:
    """Wraps a runnable in a step of the test's engine."""

    def make(bound: Any, **fields: Any) -> EscalationStep:
        return EscalationStep(bound=bound, escalator=engine, **fields)

    return make


@pytest.fixture
def wrap_model(engine: Escalator) -> Callable[..., EscalationChatModel]:
    """Wraps a chat model in a chat model of the test's engine."""

    def make(bound: BaseChatModel, **fields: Any) -> EscalationChatModel:
        return EscalationChatModel(bound=bound, escalator=engine, **fields)

    return make


@pytest.fixture(scope="module")
def server() -> Iterator[OpenAIServer]:
    """A loopback server that speaks OpenAI's protocols."""
    running = OpenAIServer()
    yield running
    running.stop()


@pytest.fixture(params=["step", "chat model"])
def surface(
    request: pytest.FixtureRequest,
    wrap: Callable[..., EscalationStep],
    wrap_model: Callable[..., EscalationChatModel],
) -> Callable[..., EscalationStep | EscalationChatModel]:
    """Both ways to wrap a model."""
    return wrap if request.param == "step" else wrap_model
