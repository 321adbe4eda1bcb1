"""The model's generations around the messages that we work on: nothing beside them is lost."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, repeat
from typing import Any

from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult

from tay_middleware.langchain.replies import finish_of


class HeldGenerations:
    """The chunks of one reply whose messages are kept back, in order."""

    def __init__(self) -> None:
        self._waiting: list[ChatGenerationChunk] = []

    def passing(
        self, chunk: ChatGenerationChunk, feed: Callable[[Any], Sequence[Any]]
    ) -> Iterable[ChatGenerationChunk]:
        """What to pass on for `chunk`; `feed` says which messages.

        Providers may tell a generation how the reply finished, and not its message; LangChain puts
        it into the message later than we have to know it.
        """
        finish = finish_of(chunk.generation_info) if chunk.generation_info else None
        if finish:
            message = chunk.message
            message.response_metadata = {**finish, **message.response_metadata}
        passed = feed(chunk.message)
        if not self._waiting and len(passed) == 1 and passed[0] is chunk.message:
            return (chunk,)
        self._waiting.append(chunk)
        return self.around(passed)

    def around(self, messages: Sequence[Any]) -> Iterator[ChatGenerationChunk]:
        """Chunks of `messages`; the last of them are those that were kept back."""
        if not messages:
            return
        waiting, self._waiting = self._waiting, []
        added = max(0, len(messages) - len(waiting))
        sources = chain(repeat(None, added), waiting)
        for message, source in zip(messages, sources, strict=False):
            if source is not None and source.message is message:
                yield source
            else:
                info = None if source is None else source.generation_info
                yield ChatGenerationChunk(message=message, generation_info=info)


def with_first(result: ChatResult, message: BaseMessage) -> ChatResult:
    """`result` with another first message; the old one stays as it is, for a cache may hold it."""
    first, *others = result.generations
    if first.message is message:
        return result
    woven = ChatGeneration(message=message, generation_info=first.generation_info)
    return ChatResult(generations=[woven, *others], llm_output=result.llm_output)
