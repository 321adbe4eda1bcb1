import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from tay_middleware import weave
from tests.cost import least_cpu_seconds

MENTION = "That is what the mentorship is for, whenever you like."

LINES = st.sampled_from(
    [
        "plain words",
        "# heading",
        "- item",
        "  - nested",
        "1. first",
        "> quoted",
        "> > deeper",
        "| a | b |",
        "|---|---|",
        "```",
        "```python",
        "~~~",
        "````",
        "  ```",
        "   ```",
        "    ```",
        "\t```",
        "- ```",
        "1. ```",
        "> ```",
        "  code",
        "code\u2028```",
        "    indented code",
        "---",
        "===",
        "**bold",
        "`code",
        "[link](http://a.example)",
        "[ref]: http://a.example",
        "<div>",
        "</div>",
        "<!-- note",
        "-->",
        "<pre>",
        "</pre>",
        "</pre",
        "<?php",
        "?>",
        "<![CDATA[",
        "]]>",
        "<!DOCTYPE",
        "trailing  ",
        "\\",
        "",
        "   ",
        "💇🏾‍♀️ emoji",
        "مرحبا",
    ]
)
MARKDOWN = st.builds(
    lambda lines, ending: "\n".join(lines) + ending,
    st.lists(LINES, min_size=1, max_size=8),
    st.sampled_from(["", "\n", "\n\n", "  ", "\n  ", "\r\n", "\n\n\n"]),
)


def parsed(text: str) -> list[Token]:
    return MarkdownIt("commonmark").enable("table").parse(text)


def shape(tokens: list[Token]) -> list[tuple[str, str, int]]:
    return [(token.type, token.content.rstrip(), token.level) for token in tokens]


@given(st.text(), st.text())
def test_the_reply_is_never_altered(reply: str, mention: str) -> None:
    added = weave.addition(reply, mention)
    assert added is None or added.endswith(mention)


@given(MARKDOWN)
def test_weaving_twice_is_weaving_once(reply: str) -> None:
    added = weave.addition(reply, MENTION)
    if added is not None:
        assert weave.addition(reply + added, MENTION) is None


@settings(max_examples=400)
@given(MARKDOWN)
def test_a_mention_renders_as_a_paragraph_of_its_own_and_changes_no_block(reply: str) -> None:
    added = weave.addition(reply, MENTION)
    if added is None:
        return
    before, after = parsed(reply), parsed(reply + added)
    assert shape(after[-3:]) == [
        ("paragraph_open", "", 0),
        ("inline", MENTION, 1),
        ("paragraph_close", "", 0),
    ]
    assert shape(after[:-3]) == shape(before)


@pytest.mark.parametrize(
    ("reply", "separator"),
    [
        ("Answer.", "\n\n"),
        ("Answer.\n", "\n"),
        ("Answer.\n\n", ""),
        ("Answer.\n\n\n", ""),
        ("Answer.\n\n  ", "\n"),
        ("Answer.  ", "\n\n"),
        ("One\r\n\r\nTwo", "\r\n\r\n"),
        ("One\r\nTwo\r\n", "\r\n"),
        ("- a\n- b", "\n\n"),
        ("```\ncode\n```", "\n\n"),
    ],
)
def test_a_blank_line_stands_between_and_no_more_than_needed(reply: str, separator: str) -> None:
    assert weave.addition(reply, MENTION) == separator + MENTION


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "  \n",
        "```python\nprint(1)",
        "text\n~~~\nstill code",
        "````\n```\nstill code",
        "1. step\n   ```sh\n   ls",
        "```python\n1. ```",
        "```\n> ```",
        "```\n    ```",
        "- ```\n  code\n```",
        "- ```\ncode\n  ```",
        "```\ncode\u2028```",
        "<div>\n```\n\n```\ncode",
        "<!-- note",
        "<pre>\nraw",
        "<pre>\nraw\n</pre",
        "<?php echo",
        "<![CDATA[ x",
        '{"price": 120}',
        "[1, 2, 3]",
        '{"a": 1}\n{"a": 2}\n',
        '```json\n{"price": 120}\n```',
        "<answer>\n<price>120</price>\n</answer>",
        '<?xml version="1.0"?><a/>',
        "<!DOCTYPE html><html></html>",
        "PRICING",
        "needs_human\n",
        "7",
        "0.83",
        f"Answer.\n\n{MENTION}",
        f"Answer.\n\n{MENTION}\n",
    ],
)
def test_where_there_is_no_place_nothing_is_added(reply: str) -> None:
    assert weave.addition(reply, MENTION) is None


@pytest.mark.parametrize(
    "reply",
    [
        "Yes!",
        "Sunday.",
        "```a`b``` is inline code",
        "{not json}",
        "[see above]",
        "```\nclosed\n```\nand on",
        "a <!-- note --> b",
        "I <3 this, and 3 < 4 > 2",
        "Use <b>one</b> pack.<br>Then wait.",
        "1. Run\n   ```sh\n   ls\n   ```\n2. Done",
        "- Run\n  ```sh\n  ls\n\n  pwd\n  ```",
        "> Run\n> ```\n> ls\n>\n> pwd\n> ```",
        "```\n- ```\n```",
        "```\ncode\n  ```",
        "```python\nprint(1)\n```",
        'So:\n\n```json\n{"price": 120}\n```',
        '```json\n{"price": 120}\n```\n\nThat is it.\n\n```json\n{"price": 90}\n```',
    ],
)
def test_what_only_looks_closed_off_is_a_place(reply: str) -> None:
    assert weave.addition(reply, MENTION) is not None
    assert weave.has_place(reply)


def test_a_reply_has_a_place_whatever_it_ends_with() -> None:
    assert weave.has_place("One step at a time\u2026")
    assert weave.has_place(f"Answer.\n\n{MENTION}")
    assert not weave.has_place("```\ncode")


def test_an_empty_mention_is_no_addition() -> None:
    assert weave.addition("Answer.", "") is None


def test_untouched_means_character_for_character() -> None:
    assert weave.untouched("a", "a\n\nb", "\n\nb")
    assert not weave.untouched("a", "A\n\nb", "\n\nb")


@pytest.mark.parametrize(("text", "found"), [("ok 💕", True), ("⭐", True), ("ok :) ©", False)])
def test_emoji_are_seen(text: str, found: bool) -> None:
    assert weave.has_emoji(text) is found


@pytest.mark.parametrize(
    "piece", ["`", "```\n", "<!--", "<pre>", "{", "[", "> ", "a ", "\n", "~~~"]
)
def test_the_cost_is_linear_in_the_reply(piece: str) -> None:
    def seconds(size: int) -> float:
        text = piece * (size // len(piece))
        return least_cpu_seconds(lambda: weave.addition(text, MENTION))

    seconds(1_000)
    assert seconds(64_000) < 40 * max(seconds(4_000), 1e-3)


def test_json_of_any_depth_is_no_error() -> None:
    assert weave.addition("[" * 100_000 + "]" * 100_000, MENTION) is None
    assert weave.addition(json.dumps({"a": [1]}), MENTION) is None
