"""A chat model that says what it was told to, in the way a real one does.

It streams in small chunks, ends with a chunk of metadata alone (finish reason and usage), and can
pause between chunks. For the demo, the terminal chat, the tests and the benchmark.
"""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from typing import Any

from langchain_core.callbacks import (
    AsyncCallbackManagerForLLMRun,
    CallbackManagerForLLMRun,
)
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, HumanMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import Field

_PIECE = re.compile(r"\s*\S+|\s+$")


class ScriptedChatModel(BaseChatModel):
    """Answers the last human message from `replies`, else by `reply`."""

    replies: Mapping[str, str] = Field(default_factory=dict)
    reply: Callable[[str], str] = Field(default=lambda question: f"You asked: {question}")
    first_token_seconds: float = 0.0
    chunk_seconds: float = 0.0

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,  # noqa: ARG002 - the interface
        run_manager: CallbackManagerForLLMRun | None = None,  # noqa: ARG002 - the interface
        **_kwargs: Any,
    ) -> ChatResult:
        text = self._said(messages)
        message = AIMessage(
            content=text,
            response_metadata={"finish_reason": "stop", "model_name": "scripted"},
            usage_metadata=_usage(messages, text),
        )
        return ChatResult(generations=[ChatGeneration(message=message)])

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,  # noqa: ARG002 - the interface
        run_manager: CallbackManagerForLLMRun | None = None,
        **_kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        time.sleep(self.first_token_seconds)
        for chunk in self._chunks(messages):
            if run_manager is not None:
                run_manager.on_llm_new_token(chunk.text, chunk=chunk)
            yield chunk
            if self.chunk_seconds:
                time.sleep(self.chunk_seconds)

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,  # noqa: ARG002 - the interface
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **_kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        await asyncio.sleep(self.first_token_seconds)
        for chunk in self._chunks(messages):
            if run_manager is not None:
                await run_manager.on_llm_new_token(chunk.text, chunk=chunk)
            yield chunk
            await asyncio.sleep(self.chunk_seconds)

    def _said(self, messages: list[BaseMessage]) -> str:
        asked = [message for message in messages if isinstance(message, HumanMessage)]
        question = str(asked[-1].text) if asked else ""
        return self.replies.get(question) or self.reply(question)

    def _chunks(self, messages: list[BaseMessage]) -> Iterator[ChatGenerationChunk]:
        text = self._said(messages)
        for piece in _PIECE.findall(text):
            yield ChatGenerationChunk(message=AIMessageChunk(content=piece))
        yield ChatGenerationChunk(
            message=AIMessageChunk(
                content="",
                response_metadata={"finish_reason": "stop", "model_name": "scripted"},
                usage_metadata=_usage(messages, text),
                chunk_position="last",
            )
        )


def _usage(messages: list[BaseMessage], text: str) -> Any:
    asked = sum(len(str(message.text).split()) for message in messages)
    said = len(text.split())
    return {"input_tokens": asked, "output_tokens": said, "total_tokens": asked + said}
