"""Tool calls that a model writes as text, because its agent or its server reads them from there.

What is put after such a text would become the tool's input.
"""

import re

_ACTION = re.compile(r"^[ \t>*_#]*Action[ \t]*\d*[ \t]*:", re.MULTILINE)
_INPUT = re.compile(r"^[ \t>*_#]*Action[ \t]*\d*[ \t]*Input[ \t]*\d*[ \t]*:", re.MULTILINE)
_BLOB = re.compile(r"\s*```\w*\s*\{")
_ANSWER = "Final Answer"  # with a colon, or in a block of JSON
_TAGS = ("tool_call", "tool_input", "function")


def calls_tools(text: str) -> bool:
    """Whether a reply asks for a tool in words: as ReAct agents do, or in tags at its end."""
    return _acts(text[text.rfind(_ANSWER) + 1 :]) or any(_ends_in(text, tag) for tag in _TAGS)


def _acts(text: str) -> bool:
    """Whether an `Action:` has its input after it, as a line of its own or as a block of JSON."""
    action = _ACTION.search(text)
    if action is None:
        return False
    return bool(_BLOB.match(text, action.end()) or _INPUT.search(text, action.end()))


def _ends_in(text: str, tag: str) -> bool:
    """Whether the last `<tag>` or `<tag=name>` is open, or nothing follows its end."""
    opened = max(text.rfind(f"<{tag}>"), text.rfind(f"<{tag}="))
    if opened < 0:
        return False
    _, closed, after = text[opened:].partition(f"</{tag}>")
    return not closed or not after.strip()
