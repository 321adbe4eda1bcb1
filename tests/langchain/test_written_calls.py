"""Which replies call a tool in words, and which only speak of one."""

import pytest

from tay_middleware.langchain.written_calls import calls_tools

REACT = "Question: what is lace?\nThought: I should look\nAction: look\nAction Input: lace wigs"
BLOB = 'Thought: I should look\nAction:\n```json\n{"action": "look", "action_input": "lace"}\n```'


@pytest.mark.parametrize(
    "text",
    [
        REACT,
        REACT.replace("Action", "  Action 1"),
        "**Action:** look\n**Action Input:** lace wigs",
        f"Final Answer: 42\n{REACT}",
        BLOB,
        "<tool>search</tool><tool_input>lace wigs",
        "<tool>search</tool><tool_input>lace wigs</tool_input>\n",
        '<tool_call>\n{"name": "look"}\n</tool_call>',
        "Let me look.\n<function=look><parameter=what>lace",
        "<tool_call><function=look></function></tool_call>",
    ],
)
def test_a_tool_is_called(text: str) -> None:
    assert calls_tools(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Start with one honest hour.",
        "Action: raise your prices.\nThen wait a week.",
        "Action Input: none",
        "In action: lace.\nReaction Input: none",
        f"{REACT}\nObservation: 42\nThought: I know\nFinal Answer: it is a base.",
        "<tool_call>{}</tool_call>\nIt is a base for the hair.",
    ],
)
def test_none_is_called(text: str) -> None:
    assert not calls_tools(text)
