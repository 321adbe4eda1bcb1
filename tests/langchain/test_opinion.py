"""A language model that is asked for its opinion beside the reply is never heard in the chat.

This is the fourth check of `test_first_day`: does the classifier's JSON show?
"""

import asyncio
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tay_middleware import (
    EscalationAgentMiddleware,
    EscalationChatModel,
    EscalationStep,
    Escalator,
)
from tay_middleware.settings import load_settings
from tests.decide.llm_server import LlmServer, llm_server
from tests.langchain.agents import an_agent, asked
from tests.langchain.models import ANSWER, NEED, SHAPES, model
from tests.langchain.surfaces import alist
from tests.langchain.who import someone

PROMPTS = Path(__file__).resolve().parents[2] / "prompts"
OPINION = "ok=masterclass:strategic#chat"

SURFACES: dict[str, tuple[Callable[[Escalator], Any], Callable[[str], Any]]] = {
    "step": (
        lambda engine: EscalationStep(bound=model(SHAPES["blocks"]), escalator=engine),
        str,
    ),
    "chat model": (
        lambda engine: EscalationChatModel(bound=model(SHAPES["blocks"]), escalator=engine),
        str,
    ),
    "agent": (lambda engine: an_agent([EscalationAgentMiddleware(escalator=engine)]), asked),
}


@pytest.fixture(scope="module")
def opinions() -> Iterator[LlmServer]:
    with llm_server() as running:
        yield running


@pytest.fixture(scope="module")
def unsure(tmp_path_factory: pytest.TempPathFactory, opinions: LlmServer) -> Iterator[Escalator]:
    """An engine that is unsure of everything, and so asks."""
    home = tmp_path_factory.mktemp("tay")
    prompts = shutil.copytree(PROMPTS, home / "prompts")
    policy = prompts / "policy.yaml"
    edited = re.sub(r"unsure: \{[^}]*\}", "unsure: {least: 0.0, most: 1.0}", policy.read_text())
    policy.write_text(edited)
    engine = Escalator.from_settings(
        load_settings(
            home=home,
            prompts_dir=prompts,
            encoder="off",
            grace_seconds=10.0,
            recall_timeout_seconds=10.0,
            classifier_model=OPINION,
            classifier_base_url=opinions.url,
            classifier_api_key="sk-1",
        )
    )
    yield engine
    engine.close()


@pytest.mark.parametrize("surface", SURFACES)
def test_04_the_opinions_json_does_not_show_in_the_chat(
    unsure: Escalator, opinions: LlmServer, surface: str
) -> None:
    make, shape = SURFACES[surface]
    question = shape(f"{NEED} It is the {surface} that asks.")
    before = len(opinions.requests(OPINION))
    events = asyncio.run(
        alist(make(unsure).astream_events(question, someone(thread_id=surface), version="v2"))
    )
    assert len(opinions.requests(OPINION)) == before + 1
    said = "".join(
        str(event["data"]["chunk"].text)
        for event in events
        if event["event"] == "on_chat_model_stream"
    )
    (told,) = (event["data"] for event in events if event["event"] == "on_custom_event")
    assert (told["stage"], told["offer"]) == ("llm", "masterclass")
    assert said.removeprefix("Let me look.") in {ANSWER, f"{ANSWER}{told['addition']}"}
    models = {event["name"] for event in events if event["event"].startswith("on_chat_model")}
    assert models <= {"ChunkModel", "EscalationChatModel"}
