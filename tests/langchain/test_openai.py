"""The real `langchain-openai` over the loopback: both protocols, all surfaces, every verb."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, HumanMessage
from langchain_openai import ChatOpenAI
from openai import APITimeoutError, AuthenticationError, BadRequestError, OpenAIError
from pydantic import BaseModel, SecretStr

from tay_middleware import (
    EscalationAgentMiddleware,
    EscalationChatModel,
    EscalationStep,
    Escalator,
)
from tests.langchain.models import ANSWER, NEED
from tests.langchain.openai_server import OpenAIServer
from tests.langchain.surfaces import SURFACES, summed
from tests.langchain.who import name_in, rows_of, someone

PROTOCOLS = {"chat completions": False, "responses": True}

Bare = Callable[..., ChatOpenAI]
Wrap = Callable[[BaseChatModel], Any]


@pytest.fixture
def bare(server: OpenAIServer) -> Bare:
    """A real model that asks the loopback server for the answer of that name."""

    def make(name: str, *, responses: bool = False, **fields: Any) -> ChatOpenAI:
        return ChatOpenAI(
            model=name,
            base_url=server.url,
            api_key=SecretStr("none"),
            max_retries=0,
            stream_usage=True,
            use_responses_api=responses,
            **fields,
        )

    return make


@pytest.fixture(params=["step", "chat model"])
def wrap(request: pytest.FixtureRequest, engine: Escalator) -> Wrap:
    surface = EscalationStep if request.param == "step" else EscalationChatModel
    return lambda bound: surface(bound=bound, escalator=engine)


def beside_ours(metadata: dict[str, Any]) -> dict[str, Any]:
    """What must be the same with us and without: all but our own key and what is timed."""
    return {key: value for key, value in metadata.items() if key not in {"tay", "created_at"}}


@pytest.mark.parametrize("verb", SURFACES)
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_10_an_answer_is_the_models_and_then_the_addition(
    bare: Bare, wrap: Wrap, protocol: str, verb: str
) -> None:
    model = bare("plain", responses=PROTOCOLS[protocol])
    reply, alone = SURFACES[verb](wrap(model), someone()), SURFACES[verb](model, {})
    assert str(reply.text).startswith(f"{ANSWER}\n\n")
    assert str(reply.text).count(ANSWER) == 1
    assert type(reply.content) is type(alone.content)
    assert reply.usage_metadata == alone.usage_metadata
    assert reply.additional_kwargs == alone.additional_kwargs
    assert beside_ours(reply.response_metadata) == beside_ours(alone.response_metadata)
    assert (reply.id == alone.id) is PROTOCOLS[protocol]


@pytest.mark.parametrize("verb", ["invoke", "ainvoke", "stream", "astream"])
@pytest.mark.parametrize(
    ("name", "protocol"),
    [
        *[(name, "chat completions") for name in ("tools", "refused", "cut", "filtered")],
        ("structured", "chat completions"),
        *[(name, "responses") for name in ("tools", "cut")],
    ],
)
def test_08_what_is_no_answer_is_passed_on_as_it_is(
    bare: Bare, wrap: Wrap, name: str, protocol: str, verb: str
) -> None:
    model = bare(name, responses=PROTOCOLS[protocol])
    reply, alone = SURFACES[verb](wrap(model), someone()), SURFACES[verb](model, {})
    assert reply.content == alone.content
    assert reply.tool_calls == alone.tool_calls
    assert reply.response_metadata["tay"]["suppressed"] == "unweavable"


@pytest.mark.parametrize("version", [None, "responses/v1", "v1"])
@pytest.mark.parametrize("verb", ["invoke", "stream", "astream"])
def test_08_reasoning_is_never_added_to(
    bare: Bare, wrap: Wrap, verb: str, version: str | None
) -> None:
    fields: dict[str, Any] = {"output_version": version} if version else {}
    model = bare("reasoning", responses=True, reasoning={"summary": "auto"}, **fields)
    reply, alone = SURFACES[verb](wrap(model), someone()), SURFACES[verb](model, {})
    assert [block["type"] for block in reply.content] == ["reasoning", "text"]
    assert reply.content[0] == alone.content[0]
    assert reply.content[1]["text"].startswith(f"{ANSWER}\n\n")
    assert {**reply.content[1], "text": ANSWER} == alone.content[1]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_05_in_an_agent_the_tokens_of_the_addition_come_last_under_one_id(
    bare: Bare, engine: Escalator, protocol: str
) -> None:
    model = bare("plain", responses=PROTOCOLS[protocol])
    middleware = [EscalationAgentMiddleware(escalator=engine)]
    question: Any = {"messages": [HumanMessage(NEED)]}
    config = someone()
    streams: list[list[Any]] = [
        [piece for piece, _where in agent.stream(question, config, stream_mode="messages")]
        for agent in (create_agent(model), create_agent(model, middleware=middleware))
    ]
    alone, ours = ([piece for piece in pieces if str(piece.text)] for pieces in streams)
    assert [piece.text for piece in ours[:-1]] == [piece.text for piece in alone]
    assert str(ours[-1].text).startswith("\n\n")
    assert len({piece.id for piece in ours}) == len({piece.id for piece in alone}) == 1
    assert summed(streams[0]).usage_metadata == summed(streams[1]).usage_metadata


# 6 The model's own troubles are the caller's, as they were.


@pytest.mark.parametrize("verb", ["invoke", "ainvoke", "stream", "astream"])
@pytest.mark.parametrize("name", ["wrong key", "too many", "broken", "hanging"])
def test_06_the_models_failure_is_the_one_that_it_was(
    bare: Bare, wrap: Wrap, engine: Escalator, name: str, verb: str
) -> None:
    model = bare(name, timeout=0.1 if name == "hanging" else 60)
    with pytest.raises(OpenAIError) as alone:
        SURFACES[verb](model, {})
    config = someone()
    with pytest.raises(type(alone.value)):
        SURFACES[verb](wrap(model), config)
    assert [row.shown for row in rows_of(engine, name_in(config))] == [False]


def test_06_the_kinds_of_failure_are_those_of_the_client(bare: Bare, wrap: Wrap) -> None:
    with pytest.raises(AuthenticationError):
        wrap(bare("wrong key")).invoke(NEED, someone())
    with pytest.raises(APITimeoutError):
        wrap(bare("hanging", timeout=0.1)).invoke(NEED, someone())


# 7 Clients that leave.


def test_07_a_client_that_leaves_frees_the_connection(bare: Bare, wrap: Wrap) -> None:
    async def scene() -> set[Any]:
        stream = wrap(bare("plain")).astream(NEED, someone())
        async for _chunk in stream:
            break
        await stream.aclose()
        await asyncio.get_running_loop().shutdown_asyncgens()
        return asyncio.all_tasks() - {asyncio.current_task()}

    assert asyncio.run(scene()) == set()


# 8 Tools and structures.


class Said(BaseModel):
    """What is said."""

    text: str


def test_08_tools_reach_the_server_as_without_us(
    bare: Bare, wrap: Wrap, server: OpenAIServer
) -> None:
    def look(question: str) -> str:
        """Look it up."""
        return question

    for model in (bare("tools"), wrap(bare("tools"))):
        reply = model.bind_tools([look], tool_choice="look").invoke(NEED, someone())
        assert [call["name"] for call in reply.tool_calls] == ["look"]
    bare_request, our_request = server.requests[-2:]
    assert bare_request == our_request


@pytest.mark.parametrize("method", ["json_schema", "json_mode"])
def test_08_structured_output_is_the_models_own(bare: Bare, wrap: Wrap, method: str) -> None:
    model = wrap(bare("structured"))
    assert model.with_structured_output(Said, method=method).invoke(NEED) == Said(text="so")


# 12 A local server without json_schema.


def test_12_a_server_without_json_schema_answers_as_without_us(
    bare: Bare, wrap: Wrap, engine: Escalator
) -> None:
    for model in (bare("no schema"), wrap(bare("no schema"))):
        with pytest.raises(BadRequestError, match="json_schema is not supported"):
            model.with_structured_output(Said, method="json_schema").invoke(NEED)
    reply = wrap(bare("no schema")).invoke(NEED, someone())
    assert isinstance(reply, AIMessage)
    assert str(reply.text).startswith(f"{ANSWER}\n\n")
