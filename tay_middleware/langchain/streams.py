"""A reply as a stream: every chunk passes as it comes, and at the end something may follow.

Only terminal chunks that hold nothing but metadata are kept back, because clients stop reading at a
`finish_reason`; they are let go after the addition. The chunk that is added carries the id, the
name and the block index of the reply and nothing that would add up (usage, finish reason).

A model that cannot stream sends its whole reply as one message, to which no chunk can be added; it
is woven as `invoke` would.
"""

from collections.abc import AsyncIterator, Iterator
from typing import Any

from langchain_core.messages import AIMessage, AIMessageChunk

from tay_middleware.decide.describe import Json
from tay_middleware.decide.replies import Obstacle
from tay_middleware.engine import Outcome, Reply
from tay_middleware.langchain.replies import (
    METADATA_KEY,
    cites,
    has_index,
    is_finished,
    last_text_block,
    obstacle_in,
    owes_status,
    own_block,
    reply_of,
    spoken,
    woven,
)
from tay_middleware.langchain.telling import tell_of_dict

_PROVIDER_KEY = "model_provider"


class StreamedReply:
    """What has passed so far of one reply.

    Each chunk passes or is fed, in order; then ask for the end.
    """

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._held: list[AIMessageChunk] = []
        self._whole: AIMessage | None = None
        self._obstacle: Obstacle | None = None
        self._of_messages = False
        self._begun = False
        self._id: str | None = None
        self._name: str | None = None
        self._shape: list[Any] | str = ""
        self._provider: dict[str, Any] = {}
        self._cited: dict[Any, bool] = {}
        self._owes_status = False
        self._finished = False

    def passes(self, chunk: Any) -> bool:
        """Whether `chunk` was noted as text that passes as it is; if not, it is to be fed.

        The short way that nearly all chunks take: it runs for every token of every reply.
        """
        if self._held or self._whole is not None or not is_plain_text(chunk):
            return False
        self._begun = self._of_messages = True
        self._texts.append(chunk.content)
        self._shape, self._id, self._name = chunk.content, chunk.id, chunk.name
        return True

    def feed(self, chunk: Any) -> list[Any]:
        """The chunks to pass on now that `chunk` has come: itself, unless it has to wait."""
        if self._whole is not None:
            self.spoil()
        if isinstance(chunk, AIMessageChunk):
            return self._feed_message(chunk)
        if isinstance(chunk, AIMessage) and not self._begun:
            self._begun, self._whole = True, chunk
            return []
        self._begun = True
        if isinstance(chunk, str):
            self._texts.append(chunk)
        else:
            tell_of_dict(chunk)
            self._obstacle = self._obstacle or Obstacle.NOT_TEXT
        return [*self.let_go(), chunk]

    def spoil(self) -> None:
        """This reply cannot be followed any more: nothing may be added to it."""
        self._obstacle = self._obstacle or Obstacle.NOT_TEXT

    def let_go(self) -> list[Any]:
        """What was kept back; it is not kept any more."""
        kept = [*([self._whole] if self._whole is not None else []), *self._held]
        self._whole, self._held = None, []
        return kept

    def reply(self) -> Reply:
        """The reply that has passed, or that waits as a whole."""
        if self._whole is not None:
            return reply_of(self._whole)
        cut = Obstacle.TRUNCATED if self._owes_status and not self._finished else None
        return spoken("".join(self._texts), self._obstacle or cut)

    def end(self, outcome: Outcome, told: dict[str, Json] | None) -> list[Any]:
        """What follows the reply: the addition, then what was kept back.

        The decision (`told`) stands in the metadata of exactly one chunk: of one that was kept
        back, else of the addition, else of an empty one. Streams of plain texts have no place
        for it.
        """
        if self._whole is not None:
            return [woven(self._whole, outcome, told)]
        if not self._of_messages:
            return [outcome.addition] if outcome.addition else []
        held = list(self._held)
        metadata = {} if told is None or held else {METADATA_KEY: told}
        if told is not None and held:
            held[0] = _labelled(held[0], told)
        if not outcome.addition and not metadata:
            return held
        return [self._chunk(outcome.addition or "", metadata), *held]

    def _feed_message(self, chunk: AIMessageChunk) -> list[Any]:
        self._begun = self._of_messages = True
        self._obstacle = self._obstacle or obstacle_in(chunk)
        self._owes_status = self._owes_status or owes_status(chunk.response_metadata)
        self._finished = self._finished or is_finished(chunk.response_metadata)
        self._note_blocks(chunk.content)
        text = str(chunk.text)
        if not text:
            if self._is_terminal(chunk):
                self._held.append(chunk)
                return []
            return [*self.let_go(), chunk]
        self._texts.append(text)
        self._shape, self._id, self._name = chunk.content, chunk.id, chunk.name
        self._provider = _provider_of(chunk)
        return [*self.let_go(), chunk]

    def _note_blocks(self, content: str | list[Any]) -> None:
        """Note each block that has an index, and whether it cites: that may come after its text."""
        for block in content if isinstance(content, list) else ():
            if has_index(block):
                index = block["index"]
                self._cited[index] = cites(block) or self._cited.get(index, False)

    def _is_terminal(self, chunk: AIMessageChunk) -> bool:
        """Whether nothing but metadata is in it, after the text has begun."""
        if not self._texts or chunk.tool_call_chunks:
            return False
        blocks = chunk.content if isinstance(chunk.content, list) else []
        if any(not isinstance(block, dict) or block.get("type") != "text" for block in blocks):
            return False
        return (
            is_finished(chunk.response_metadata)
            or chunk.usage_metadata is not None
            or chunk.chunk_position == "last"
        )

    def _chunk(self, text: str, metadata: dict[str, Any]) -> AIMessageChunk:
        return AIMessageChunk(
            content=self._shaped(text),
            id=self._id,
            name=self._name,
            response_metadata={**self._provider, **metadata},
        )

    def _shaped(self, text: str) -> str | list[Any]:
        """`text` in the shape in which the reply's own text came."""
        if isinstance(self._shape, str):
            return text
        if not text:
            return []
        at = last_text_block(self._shape)
        block: Any = self._shape[at] if at is not None else None
        if isinstance(block, str):
            return [text]
        if not has_index(block):
            return [own_block(text)]
        if self._cited.get(block["index"], False):
            return [own_block(text, self._cited)]
        return [{"type": "text", "text": text, "index": block["index"]}]


def _provider_of(chunk: AIMessageChunk) -> dict[str, Any]:
    """Whose blocks a chunk holds: LangChain names blocks by it, and adds up those of one name."""
    provider = chunk.response_metadata.get(_PROVIDER_KEY)
    return {_PROVIDER_KEY: provider} if provider and isinstance(chunk.content, list) else {}


def _labelled(chunk: AIMessageChunk, told: dict[str, Json]) -> AIMessageChunk:
    return chunk.model_copy(
        update={"response_metadata": {**chunk.response_metadata, METADATA_KEY: told}}
    )


def is_plain_text(chunk: Any) -> bool:
    """Whether a chunk is a text and nothing else, as nearly all are."""
    if type(chunk) is not AIMessageChunk:
        return False
    try:
        content = chunk.content
        return (
            type(content) is str
            and bool(content)
            and not (
                chunk.response_metadata
                or chunk.additional_kwargs
                or chunk.tool_call_chunks
                or chunk.tool_calls
                or chunk.invalid_tool_calls
            )
        )
    except AttributeError:  # made without validation, and not whole
        return False


def closable(chunks: Iterator[Any]) -> Any:
    """`chunks` as a generator, so that it can be closed."""
    return chunks if hasattr(chunks, "close") else (chunk for chunk in chunks)


def aclosable(chunks: AsyncIterator[Any]) -> Any:
    """`chunks` as an async generator, so that it can be closed."""
    return chunks if hasattr(chunks, "aclose") else (chunk async for chunk in chunks)
