from typing import Any

import pytest
from langchain_core.messages import AIMessage
from langchain_core.messages.base import TextAccessor

from tay_middleware.decide.replies import Obstacle
from tay_middleware.engine import Outcome
from tay_middleware.langchain.replies import AlteredReplyError, appended, obstacle_in, woven

TEXT, REASONING = {"type": "text", "text": "a"}, {"type": "reasoning", "reasoning": "r"}
CITED = {**TEXT, "citations": [{"type": "char_location", "cited_text": "b"}]}
PLACED = {**TEXT, "annotations": [{"type": "url_citation", "start_index": 0, "end_index": 1}]}
OF_ALL = {**TEXT, "annotations": [{"type": "citation", "url": "https://example.org"}]}


@pytest.mark.parametrize(
    ("content", "longer"),
    [
        ("a", "a+"),
        ([TEXT], [{"type": "text", "text": "a+"}]),
        ([TEXT, REASONING], [{"type": "text", "text": "a+"}, REASONING]),
        ([REASONING], [REASONING, {"type": "text", "text": "+"}]),
        (["a", "b"], ["a", "b+"]),
        ([], [{"type": "text", "text": "+"}]),
        ([CITED], [CITED, {"type": "text", "text": "+"}]),
        ([CITED, TEXT], [CITED, {"type": "text", "text": "a+"}]),
        (
            [{**REASONING, "index": 4}, {**CITED, "index": 1}],
            [
                {**REASONING, "index": 4},
                {**CITED, "index": 1},
                {"type": "text", "text": "+", "index": 5},
            ],
        ),
        ([{**TEXT, "citations": None}], [{"type": "text", "text": "a+", "citations": None}]),
        ([PLACED], [{**PLACED, "text": "a+"}]),
        ([OF_ALL], [OF_ALL, {"type": "text", "text": "+"}]),
    ],
)
def test_the_last_text_is_extended_in_the_shape_it_has(content: Any, longer: Any) -> None:
    assert appended(content, "+") == longer


def test_a_reply_that_would_come_out_altered_does_not_leave() -> None:
    class Backwards(AIMessage):
        @property
        def text(self) -> TextAccessor:
            return TextAccessor(str(self.content)[::-1])

    with pytest.raises(AlteredReplyError):
        woven(Backwards(content="abc"), Outcome(addition="\n\nmore"), {"shown": True})


@pytest.mark.parametrize(
    ("message", "obstacle"),
    [
        (AIMessage("x"), None),
        (AIMessage("x", response_metadata={"finish_reason": "STOP"}), None),
        (AIMessage("x", response_metadata={"finish_reason": None}), None),
        (AIMessage("x", response_metadata={"status": "completed"}), None),
        (AIMessage("x", response_metadata={"finish_reason": "MAX_TOKENS"}), Obstacle.TRUNCATED),
        (
            AIMessage("x", response_metadata={"incomplete_details": {"reason": "x"}}),
            Obstacle.TRUNCATED,
        ),
        (AIMessage("x", response_metadata={"stop_reason": "refusal"}), Obstacle.REFUSAL),
        (AIMessage([{"type": "refusal", "refusal": "no"}]), Obstacle.REFUSAL),
        (AIMessage("x", additional_kwargs={"function_call": {"name": "f"}}), Obstacle.TOOL_CALLS),
        (
            AIMessage([{"type": "tool_use", "id": "1", "name": "f", "input": {}}]),
            Obstacle.TOOL_CALLS,
        ),
        (
            AIMessage(
                "",
                invalid_tool_calls=[
                    {
                        "type": "invalid_tool_call",
                        "name": "f",
                        "args": "{",
                        "id": "1",
                        "error": None,
                    }
                ],
            ),
            Obstacle.TOOL_CALLS,
        ),
    ],
)
def test_what_a_reply_says_of_itself_is_heard(
    message: AIMessage, obstacle: Obstacle | None
) -> None:
    assert obstacle_in(message) is obstacle
