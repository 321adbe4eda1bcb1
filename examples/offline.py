"""A model for examples that needs no key: it says the same few things, and may look things up."""

from argparse import ArgumentParser, Namespace
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any
from uuid import uuid4

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable

from tay_middleware.langchain import ScriptedChatModel

ANSWER = (
    "Write down what one hour of yours really costs, supplies and waiting included. "
    "Then look at your three dearest services first: most of the mess sits there."
)


class OfflineModel(ScriptedChatModel):
    """Answers everything alike. With tools bound, it calls the first one before it answers."""

    def bind_tools(self, tools: Sequence[Any], **_kwargs: Any) -> Runnable[Any, AIMessage]:
        """This model, which now knows the name of its tool."""
        return self.bind(tool=tools[0].name)

    def _generate(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> ChatResult:
        if not _looks(messages, kwargs):
            return super()._generate(messages, *args, **kwargs)
        message = AIMessage("", tool_calls=[_call(kwargs)])
        return ChatResult(generations=[ChatGeneration(message=message)])

    def _stream(
        self, messages: list[BaseMessage], *args: Any, **kwargs: Any
    ) -> Iterator[ChatGenerationChunk]:
        if _looks(messages, kwargs):
            message = AIMessageChunk(content="", tool_calls=[_call(kwargs)])
            yield ChatGenerationChunk(message=message)
        else:
            yield from super()._stream(messages, *args, **kwargs)

    async def _astream(
        self, messages: list[BaseMessage], *args: Any, **kwargs: Any
    ) -> AsyncIterator[ChatGenerationChunk]:
        if _looks(messages, kwargs):
            for chunk in self._stream(messages, *args, **kwargs):
                yield chunk
        else:
            async for chunk in super()._astream(messages, *args, **kwargs):
                yield chunk


def _looks(messages: list[BaseMessage], kwargs: dict[str, Any]) -> bool:
    return "tool" in kwargs and not isinstance(messages[-1], ToolMessage)


def _call(kwargs: dict[str, Any]) -> Any:
    return {"name": kwargs["tool"], "args": {"topic": "pricing"}, "id": "look-1"}


def chat_model(name: str | None = None) -> BaseChatModel:
    """The model of that name (`provider:model`), or the offline one for `None`."""
    if name is None:
        return OfflineModel(reply=lambda _question: ANSWER, chunk_seconds=0.01)
    from langchain.chat_models import init_chat_model  # noqa: PLC0415 - an extra

    return init_chat_model(name)


def somebody() -> str:
    """The id of a user who was never here before, so that an example shows what it is to show."""
    return f"somebody-{uuid4()}"


def parsed(description: str, arguments: Sequence[str] | None = None) -> Namespace:
    """The arguments of an example."""
    parser = ArgumentParser(description=description)
    parser.add_argument("--model", help="provider:model; default: one that needs no key")
    parser.add_argument("--port", type=int, default=8765, help="of the chat server")
    return parser.parse_args(arguments)
