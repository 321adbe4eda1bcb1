"""What an app gives with us and without, put side by side: all but the one addition is the same."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from langchain_core.messages import AIMessageChunk, BaseMessage

_MADE_UP = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|\b[0-9a-f]{32}\b")
_OTHERWISE = frozenset(
    {"thread_id", "session_id", "user_id", "created_at", "checkpoint_id", "checkpoint_map"}
)
"""What is another one in every run of an app."""


def mentions_in(parts: Any) -> list[str]:
    """The additions in all messages of what an app gave, as often as they stand there."""
    return [
        str(told["addition"])
        for message in _messages(parts)
        if (told := message.response_metadata.get("tay")) and told["addition"]
    ]


def but_for_us(parts: Sequence[Any]) -> list[Any]:
    """What an app gave, without what is ours, and with ids numbered as they come."""
    mentions = set(mentions_in(parts))
    numbers: dict[str, str] = {}
    return [_plain(part, mentions, numbers) for part in parts if not _is_ours(part, mentions)]


def _is_ours(part: Any, mentions: set[str]) -> bool:
    """Whether it is the chunk that we add, or the decision that we write."""
    if isinstance(part, AIMessageChunk):
        words = str(part.text)
        return words in mentions or (not words and set(part.response_metadata) == {"tay"})
    if isinstance(part, dict):
        return set(part) == {"tay_decision"}
    return isinstance(part, tuple) and any(_is_ours(one, mentions) for one in part)


def _plain(value: Any, mentions: set[str], numbers: dict[str, str]) -> Any:
    if isinstance(value, BaseMessage):
        value = {"as": type(value).__name__, **dict(value)}
    if isinstance(value, Mapping):
        return {
            name: _plain(one, mentions, numbers)
            for name, one in value.items()
            if name not in _OTHERWISE and name != "tay"
        }
    if isinstance(value, list | tuple):
        return [_plain(one, mentions, numbers) for one in value]
    if isinstance(value, str):
        for mention in mentions:
            value = value.replace(mention, "")
        return _MADE_UP.sub(lambda made: numbers.setdefault(made[0], f"#{len(numbers)}"), value)
    return value if isinstance(value, int | float | None) else type(value).__name__


def _messages(value: Any) -> Iterator[BaseMessage]:
    if isinstance(value, BaseMessage):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _messages(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _messages(one)
