from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage

from tay_middleware.domain import Message
from tay_middleware.errors import InputError
from tay_middleware.langchain.reading import Asked, read

EARLIER = [HumanMessage("hi"), AIMessage("hello"), SystemMessage("x"), AIMessage("")]
TOLD = (Message("user", "hi"), Message("assistant", "hello"))


def test_the_transcript_is_what_both_sides_said_before() -> None:
    tool = ToolMessage("42", tool_call_id="1")
    assert read([*EARLIER, tool, HumanMessage("and now?")]) == Asked("and now?", TOLD)


SUMMARY = HumanMessage(
    "Here is a summary: she wants an audit.", additional_kwargs={"lc_source": "summarization"}
)


def test_an_agents_own_summary_is_not_what_the_user_asks() -> None:
    question = HumanMessage("and now?", id="q")
    found = read([SUMMARY, question, AIMessage("hm"), ToolMessage("42", tool_call_id="1")])
    earlier = (Message("user", str(SUMMARY.text)),)
    assert found == Asked("and now?", earlier, "q", said_since=("hm",))
    assert read([question, SUMMARY]) == Asked("and now?", (), "q")


def test_where_a_summary_alone_is_left_nobody_asks() -> None:
    assert read([SUMMARY, AIMessage("hm"), ToolMessage("42", tool_call_id="1")]) is None


@pytest.mark.parametrize("key", ["history", "chat_history", "messages"])
def test_a_dict_may_bring_its_transcript_beside_the_question(key: str) -> None:
    assert read({"question": "and now?", key: EARLIER}) == Asked("and now?", TOLD)


def test_messages_in_a_dict_hold_both() -> None:
    assert read({"messages": [*EARLIER, ("user", "and now?")]}) == Asked("and now?", TOLD)


@pytest.mark.parametrize("value", [None, 7, [], [object()], [{"nothing": 1}], AIMessage("hi")])
def test_what_holds_no_question_is_none(value: Any) -> None:
    assert read(value) is None


def test_the_fingerprint_is_of_the_words_and_their_order() -> None:
    asked = Asked("q", TOLD)
    assert asked.fingerprint == Asked("q", TOLD).fingerprint
    assert asked.fingerprint != Asked("q", TOLD[::-1]).fingerprint
    assert asked.fingerprint != Asked("q").fingerprint


def test_a_function_of_the_input_may_read_any_object() -> None:
    assert read(Asked("and now?"), lambda asked: asked.question) == Asked("and now?")


def test_a_function_leaves_the_transcript_where_it_usually_lies() -> None:
    found = read({"ask": "and now?", "history": EARLIER}, lambda value: value["ask"])
    assert found == Asked("and now?", TOLD)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({"text": "hi", "user": 1}, r"\(KeyError: 'ask'\); found 'text', 'user'\."),
        (7, r"\(TypeError: .*\); found int\."),
    ],
)
def test_a_function_that_finds_nothing_says_what_there_was(value: Any, told: str) -> None:
    with pytest.raises(InputError, match=told):
        read(value, lambda asked: asked["ask"])
