"""What a model's reply says of itself, and a reply with something appended.

Messages are never changed in place: the model, a cache or a tracer may hold the same object.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, TypeVar

from langchain_core.messages import AIMessage, BaseMessage

from tay_middleware import weave
from tay_middleware.decide.describe import Json
from tay_middleware.decide.replies import Obstacle
from tay_middleware.engine import Outcome, Reply
from tay_middleware.errors import TayError
from tay_middleware.langchain.telling import tell_of_dict
from tay_middleware.langchain.written_calls import calls_tools

M = TypeVar("M", bound=BaseMessage)

METADATA_KEY = "tay"
"""Where the decision stands in a message's `response_metadata`."""

OWN_INDEX = "lc_tay"
"""Index of a block of ours among blocks that are named; LangChain adds up names in `lc_` alone."""

_FINISHES = {
    "length": Obstacle.TRUNCATED,
    "max_tokens": Obstacle.TRUNCATED,
    "max_output_tokens": Obstacle.TRUNCATED,
    "model_context_window_exceeded": Obstacle.TRUNCATED,
    "model_length": Obstacle.TRUNCATED,
    "incomplete": Obstacle.TRUNCATED,
    "error": Obstacle.TRUNCATED,
    "failed": Obstacle.TRUNCATED,
    "cancelled": Obstacle.TRUNCATED,
    "content_filter": Obstacle.CONTENT_FILTER,
    "content_filtered": Obstacle.CONTENT_FILTER,
    "guardrail_intervened": Obstacle.CONTENT_FILTER,
    "error_toxic": Obstacle.CONTENT_FILTER,
    "spii": Obstacle.CONTENT_FILTER,
    "safety": Obstacle.CONTENT_FILTER,
    "recitation": Obstacle.CONTENT_FILTER,
    "blocklist": Obstacle.CONTENT_FILTER,
    "prohibited_content": Obstacle.CONTENT_FILTER,
    "refusal": Obstacle.REFUSAL,
    "tool_calls": Obstacle.TOOL_CALLS,
    "tool_use": Obstacle.TOOL_CALLS,
    "function_call": Obstacle.TOOL_CALLS,
    "pause_turn": Obstacle.TOOL_CALLS,
    "malformed_function_call": Obstacle.TOOL_CALLS,
}
"""What providers write where a reply did not simply end, and what it means to us."""

_FINISH_KEYS = ("finish_reason", "stop_reason", "stopReason", "done_reason", "status")
_TOOL_BLOCKS = frozenset(
    {"tool_use", "tool_call", "tool_call_chunk", "invalid_tool_call", "function_call"}
)


class AlteredReplyError(TayError):
    """A woven reply is not the model's with something after it; it must not leave."""


def reply_of(output: Any) -> Reply:
    """The reply as the engine needs it; anything but a message or a text is an obstacle."""
    if isinstance(output, str):
        return spoken(output)
    if isinstance(output, AIMessage):
        return spoken(str(output.text), obstacle_in(output))
    tell_of_dict(output)
    return Reply("", Obstacle.NOT_TEXT)


def spoken(text: str, obstacle: Obstacle | None = None) -> Reply:
    """A reply of `text`; one that calls a tool in words is not the answer yet."""
    return Reply(text, obstacle or (Obstacle.TOOL_CALLS if calls_tools(text) else None))


def obstacle_in(message: AIMessage) -> Obstacle | None:
    """Why nothing may be added after this message or chunk, `None` when something may."""
    if _calls_tools(message):
        return Obstacle.TOOL_CALLS
    if message.additional_kwargs.get("refusal") or "refusal" in _block_types(message.content):
        return Obstacle.REFUSAL
    return finish_obstacle(message.response_metadata)


def finish_obstacle(metadata: Mapping[str, Any]) -> Obstacle | None:
    """What the way in which a reply finished forbids."""
    for key in _FINISH_KEYS:
        obstacle = _FINISHES.get(str(metadata.get(key, "")).lower())
        if obstacle is not None:
            return obstacle
    return Obstacle.TRUNCATED if metadata.get("incomplete_details") else None


def is_finished(metadata: Mapping[str, Any]) -> bool:
    """Whether metadata says that the reply is complete: clients may stop reading there."""
    return any(metadata.get(key) for key in _FINISH_KEYS)


def owes_status(metadata: Mapping[str, Any]) -> bool:
    """Whether the reply comes from a protocol that always says at its end how it ended.

    OpenAI's Responses do. Without that word the reply was cut, on the way or by a client library
    that does not pass it on.
    """
    return str(metadata.get("id") or "").startswith("resp_")


def finish_of(generation_info: Mapping[str, Any] | None) -> dict[str, Any]:
    """What of a generation's metadata says how the reply finished."""
    return {
        key: generation_info[key]
        for key in _FINISH_KEYS
        if generation_info and key in generation_info
    }


def _calls_tools(message: AIMessage) -> bool:
    return bool(
        message.tool_calls
        or message.invalid_tool_calls
        or getattr(message, "tool_call_chunks", None)
        or message.additional_kwargs.get("tool_calls")
        or message.additional_kwargs.get("function_call")
        or not _TOOL_BLOCKS.isdisjoint(_block_types(message.content))
    )


def _block_types(content: str | list[Any]) -> set[str]:
    if isinstance(content, str):
        return set()
    return {str(block.get("type")) for block in content if isinstance(block, dict)}


def woven(output: Any, outcome: Outcome, told: dict[str, Json] | None) -> Any:
    """`output` with the addition at its end and the decision in its metadata.

    A text stays a text; anything that is neither text nor message is returned as it is.

    Raises:
        AlteredReplyError: the result would not be the reply, character for character, and then
            the addition.
    """
    if isinstance(output, str):
        return output + outcome.addition if outcome.addition else output
    if not isinstance(output, AIMessage) or told is None:
        return output
    changes: dict[str, Any] = {
        "response_metadata": {**output.response_metadata, METADATA_KEY: told}
    }
    if outcome.addition:
        changes["content"] = appended(output.content, outcome.addition)
    made = output.model_copy(update=changes)
    if not weave.untouched(str(output.text), str(made.text), outcome.addition or ""):
        raise AlteredReplyError
    return made


def appended(content: str | list[Any], addition: str) -> str | list[Any]:
    """Message content with `addition` after its last text, in the shape that the content has.

    A list gets it in its last text block, never in a block of another kind; one without text
    blocks, or whose last is the words of a source, gets a block of its own at its end.
    """
    if isinstance(content, str):
        return content + addition
    at = last_text_block(content)
    if at is None or cites(content[at]):
        numbers = [block["index"] for block in content if has_index(block)]
        return [*content, own_block(addition, numbers if at is not None else ())]
    block = content[at]
    longer = block + addition if isinstance(block, str) else _extended(block, addition)
    return [*content[:at], longer, *content[at + 1 :]]


def _extended(block: Mapping[str, Any], addition: str) -> dict[str, Any]:
    return {**block, "text": f"{block.get('text') or ''}{addition}"}


def cites(block: Any) -> bool:
    """Whether a block says that the whole of its text comes from somewhere.

    An annotation that has a position in the text is of that place alone.
    """
    if not isinstance(block, dict):
        return False
    annotations = block.get("annotations") or ()
    return bool(block.get("citations")) or any(
        isinstance(one, dict) and _POSITIONS.isdisjoint(one) for one in annotations
    )


_POSITIONS = frozenset({"start_index", "end_index", "index"})


def has_index(block: Any) -> bool:
    """Whether a block has a number or name by which chunks of it are added up."""
    return isinstance(block, dict) and block.get("index") is not None


def own_block(text: str, indices: Collection[Any] = ()) -> dict[str, Any]:
    """A text block that adds up with none of those of `indices`."""
    block: dict[str, Any] = {"type": "text", "text": text}
    if not indices:
        return block
    numbers = [index for index in indices if isinstance(index, int)]
    return {**block, "index": max(numbers) + 1 if numbers else OWN_INDEX}


def last_text_block(content: Iterable[Any]) -> int | None:
    """The position of the last block that holds text, `None` where there is none."""
    found = None
    for at, block in enumerate(content):
        if isinstance(block, str) or (isinstance(block, dict) and block.get("type") == "text"):
            found = at
    return found
