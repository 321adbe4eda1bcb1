from typing import Any

import pytest
from langchain_core.messages import (
    AIMessage,
    ChatMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
)

from tay_middleware.domain import Message
from tay_middleware.langchain.reading import MEND, READ_BACK, Asked, InputKey, locate, read, said_in

EARLIER = [HumanMessage("hi"), AIMessage("hello"), SystemMessage("x"), AIMessage("")]
IMAGE = HumanMessage([{"type": "image_url", "image_url": {"url": "data:image/png;base64,AA"}}])
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


SHOWN = [HumanMessage("i am 13", example=True), AIMessage("Ask a grown-up.", example=True)]
"""How to answer, shown to the model before the talk begins."""


def test_examples_for_the_model_are_said_by_nobody() -> None:
    assert read([*SHOWN, *EARLIER, HumanMessage("and now?")]) == Asked("and now?", TOLD)
    assert read([*SHOWN, HumanMessage("and now?", name="ada")]) == Asked("and now?")
    assert read(SHOWN) is None


FOUND = HumanMessage("I joined the mentorship, says a client.", name="researcher")
"""What an agent found, as graphs of several agents pass it on."""


@pytest.mark.parametrize("found", [FOUND, FOUND.model_dump(include={"type", "content", "name"})])
def test_what_another_agent_found_is_not_what_the_user_says(found: Any) -> None:
    asked = Asked("and now?", said_since=(str(FOUND.text),))
    assert read([("user", "and now?"), found]) == asked
    later = [*EARLIER, found, ("user", "and then?")]
    assert read(later) == Asked("and then?", TOLD)
    assert read({"question": "and then?", "history": later[:-1]}) == Asked("and then?", TOLD)


def test_in_a_talk_of_people_with_names_every_one_is_heard() -> None:
    talk = [HumanMessage("hi", name="ada"), AIMessage("hello"), HumanMessage("and?", name="eve")]
    assert read(talk) == Asked("and?", TOLD)
    assert read({"question": "and?", "history": talk[:2]}) == Asked("and?", TOLD)
    assert read([SUMMARY, *talk]) == Asked("and?", (Message("user", str(SUMMARY.text)), *TOLD))


@pytest.mark.parametrize(("user", "assistant"), [("user", "assistant"), ("Human", "ai")])
def test_messages_of_any_role_may_be_the_users(user: str, assistant: str) -> None:
    said = [("hi", user), ("be kind", "developer"), ("hello", assistant), ("and now?", user)]
    asked = [ChatMessage(role=role, content=text) for text, role in said]
    answered = [*asked, ChatMessage(role=assistant, content="hm")]
    assert read(answered) == Asked("and now?", TOLD, said_since=("hm",))


def a_long_talk(length: int) -> list[dict[str, str]]:
    roles = ("user", "assistant")
    return [{"role": roles[at % 2], "content": f"number {at}"} for at in range(length)]


UNREADABLE = {"nothing": 1}
"""No message: who converts it finds nothing at all."""


@pytest.mark.parametrize("length", [READ_BACK, READ_BACK + 1, 3 * READ_BACK])
def test_of_a_long_talk_its_end_is_read(length: int) -> None:
    talk = a_long_talk(length)
    told = tuple(Message(one["role"], one["content"]) for one in talk[-READ_BACK:])  # type: ignore[arg-type]  # the two roles
    question = {"role": "user", "content": "and now?"}
    assert read([UNREADABLE, *talk, question]) == Asked("and now?", told)
    assert read({"question": "and now?", "history": [UNREADABLE, *talk]}) == Asked("and now?", told)


def test_a_loop_however_long_reads_the_same_talk() -> None:
    asked = [*a_long_talk(2 * READ_BACK), ("user", "and now?")]
    seen = [ToolMessage("42", tool_call_id="1")] * (READ_BACK + 1)
    first, last = read(asked), read([*asked, *seen])
    assert first is not None
    assert first == last
    assert first.fingerprint == last.fingerprint


def test_a_name_that_comes_again_and_again_is_looked_through_no_further() -> None:
    talk = [HumanMessage(f"{at}", name="ada") for at in range(READ_BACK + 1)]
    told = tuple(Message("user", str(one.text)) for one in talk[:-1])
    assert read([UNREADABLE, *talk]) == Asked(str(READ_BACK), told)


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


SAID = "is of dict, no text and no messages"


def missed(found: Any) -> Any:
    return found["ask"]


@pytest.mark.parametrize(
    ("value", "input_key", "told"),
    [
        ({"text": "hi"}, None, "no question in the input: found 'text', looked for question, "),
        ({}, None, "no question in the input: found an empty dict"),
        ({"text": "hi"}, "q", "input_key='q' is not in the input; found 'text'."),
        ({"text": "hi", "user": 1}, missed, "(KeyError); found 'text', 'user'."),
        (7, missed, "found int."),
    ],
)
def test_where_the_program_looks_in_no_place_it_is_told_what_there_was(
    value: Any, input_key: InputKey, told: str
) -> None:
    place = locate(value, input_key)
    assert told in (place.missing or "")
    assert MEND in (place.missing or "")
    assert (place.question, place.unread) == (None, None)


def test_an_error_of_input_key_is_told_without_its_text() -> None:
    place = locate({"text": "I owe 300"}, lambda found: int(found["text"]))
    assert "(ValueError); found 'text'." in (place.missing or "")
    assert "owe" not in (place.missing or "")


@pytest.mark.parametrize(
    ("value", "input_key", "told"),
    [
        ({"q": {"text": "hi"}}, "q", f"what stands under 'q' in the input {SAID}"),
        ({"input": {"text": "hi"}}, None, f"what stands under 'input' in the input {SAID}"),
        ({"a": {}}, lambda said: said["a"], f"what input_key gives {SAID}"),
        (7, None, "the input is of int, no text and no messages"),
    ],
)
def test_what_can_hold_no_question_is_told_without_its_words(
    value: Any, input_key: InputKey, told: str
) -> None:
    place = locate(value, input_key)
    assert (place.unread or "").startswith(told)
    assert (place.question, place.missing) == (None, None)
    assert read(value, input_key) is None


@pytest.mark.parametrize("value", [None, "", [], {"question": None}, {"messages": []}, IMAGE])
def test_that_nothing_was_asked_is_no_slip(value: Any) -> None:
    place = locate(value)
    assert (place.missing, place.unread) == (None, None)
    assert read(value) is None


def test_an_agents_talk_is_what_was_said_in_it_in_the_words_that_its_model_is_shown() -> None:
    said = [HumanMessage("call me at 0171 23", id="1"), AIMessage("hm", id="2")]
    redacted = HumanMessage("call me at [NUMBER]", id="1")
    page = {"role": "user", "content": "a page"}
    assert said_in({"messages": said}, [redacted, page]) == [redacted, said[1]]


def test_an_agent_of_which_nothing_else_is_known_was_told_what_its_model_is_shown() -> None:
    said = [HumanMessage("hi", id="1")]
    assert said_in({"messages": said}, [*said]) is None
    assert said_in({"messages": []}, said) is None
    assert said_in({}, said) is None
    assert said_in(None, said) is None
