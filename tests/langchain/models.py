"""Models of every shape that a reply comes in, scripted to answer in chunks."""

from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any

from langchain_core.callbacks import (
    AsyncCallbackManagerForLLMRun,
    CallbackManagerForLLMRun,
)
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import Field

NEED = (
    "Can you audit my wig business with me? My pricing is a mess, I keep losing clients and I need "
    "a strategy to restructure my prices."
)
"""A need so plain that no tuning of the playbook makes it doubtful: it scores thrice the bar."""

ANSWER = "Start with one honest hour, and divide what is left by it."
PIECES = ("Start with", " one honest hour,", " and divide", " what is left by it.")
USAGE = {"input_tokens": 7, "output_tokens": 13, "total_tokens": 20}


class ChunkModel(BaseChatModel):
    """Streams the chunks it was given; invoked, it answers with their sum."""

    chunks: list[AIMessageChunk]
    fail_after: int | None = None
    failures: int = 1_000_000
    calls: list[str] = Field(default_factory=list)

    @property
    def _llm_type(self) -> str:
        return "chunks"

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        self.calls.append("generate")
        if self.fail_after is not None and len(self.calls) <= self.failures:
            raise ConnectionError("the model is away")
        whole = self.chunks[0]
        for chunk in self.chunks[1:]:
            whole = whole + chunk
        message = AIMessage(
            content=whole.content,
            id=whole.id,
            additional_kwargs=whole.additional_kwargs,
            response_metadata=whole.response_metadata,
            usage_metadata=whole.usage_metadata,
            tool_calls=whole.tool_calls,
        )
        return ChatResult(generations=[ChatGeneration(message=message)])

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        self.calls.append("stream")
        for at, chunk in enumerate(self.chunks):
            if at == self.fail_after and len(self.calls) <= self.failures:
                raise ConnectionError("the model is away")
            yield ChatGenerationChunk(message=chunk.model_copy())

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        for chunk in self._stream(messages):
            yield chunk

    def bind_tools(self, tools: Sequence[Any], **kwargs: Any) -> Any:
        return self.bind(tools=list(tools), **kwargs)

    def with_structured_output(self, schema: Any, **kwargs: Any) -> Any:
        return self | (lambda message: schema(text=str(message.text)))


def texts(*pieces: str, **fields: Any) -> list[AIMessageChunk]:
    return [AIMessageChunk(content=piece, id="run-1", **fields) for piece in pieces]


def end(**fields: Any) -> AIMessageChunk:
    return AIMessageChunk(content="", id="run-1", **fields)


def block(text: str, *, index: int | str | None = 0, kind: str = "text") -> AIMessageChunk:
    key = "text" if kind == "text" else "reasoning"
    inner: dict[str, Any] = {"type": kind, key: text}
    if index is not None:
        inner["index"] = index
    return AIMessageChunk(content=[inner], id="run-1")


FINISH = {"finish_reason": "stop", "model_name": "m"}

SOURCE = {"type": "char_location", "cited_text": "divide by hours", "document_index": 0}


def cited(index: int | str = 1, key: str = "citations") -> AIMessageChunk:
    """Where a block's words come from, in a chunk without text, as one provider sends it."""
    return AIMessageChunk(content=[{"type": "text", key: [SOURCE], "index": index}], id="run-1")


SHAPES: dict[str, list[AIMessageChunk]] = {
    "plain text, finish in a chunk of its own": [
        *texts(*PIECES),
        end(response_metadata=FINISH, usage_metadata=USAGE),
    ],
    "finish, then usage": [
        *texts(*PIECES),
        end(response_metadata=FINISH),
        end(usage_metadata=USAGE),
        end(chunk_position="last"),
    ],
    "finish under another name": [
        *texts(*PIECES),
        end(response_metadata={"stopReason": "end_turn"}),
        end(usage_metadata=USAGE),
    ],
    "finish with more beside it": [
        *texts(*PIECES),
        end(response_metadata=FINISH, additional_kwargs={"logprobs": None}),
    ],
    "finish on the last text": [
        *texts(*PIECES[:-1]),
        *texts(PIECES[-1], response_metadata=FINISH, usage_metadata=USAGE),
    ],
    "no metadata at all": texts(*PIECES),
    "usage first, as one provider does": [
        end(usage_metadata={"input_tokens": 7, "output_tokens": 0, "total_tokens": 7}),
        *texts(*PIECES),
        end(
            response_metadata={"stop_reason": "end_turn"},
            usage_metadata={"input_tokens": 0, "output_tokens": 13, "total_tokens": 13},
        ),
    ],
    "empty chunks between": [
        end(),
        *texts(PIECES[0], "", *PIECES[1:], ""),
        end(response_metadata=FINISH),
    ],
    "blocks": [*(block(piece) for piece in PIECES), end(response_metadata=FINISH)],
    "blocks after reasoning": [
        block("hmm, ", kind="reasoning"),
        block("her prices", kind="reasoning"),
        *(block(piece, index=1) for piece in PIECES),
        AIMessageChunk(content=[], id="run-1", response_metadata={"status": "completed"}),
    ],
    "blocks with named indices": [
        *(block(piece, index="lc_txt_0") for piece in PIECES),
        end(response_metadata=FINISH),
    ],
    "blocks that cite a source": [
        block(PIECES[0]),
        *(block(piece, index=1) for piece in PIECES[1:]),
        cited(),
        AIMessageChunk(content=[], id="run-1", response_metadata={"stop_reason": "end_turn"}),
    ],
    "blocks with named indices that cite a source": [
        *(block(piece, index="lc_txt_0") for piece in PIECES),
        cited("lc_txt_0", "annotations"),
        end(response_metadata=FINISH),
    ],
}
"""Every shape of a streamed reply that ends with `ANSWER`."""

TOOL_CALL = {"name": "look", "args": "{}", "id": "call-1", "index": 0, "type": "tool_call_chunk"}

UNWEAVABLE: dict[str, list[AIMessageChunk]] = {
    "a tool call": [
        *texts("Let me look."),
        AIMessageChunk(content="", id="run-1", tool_call_chunks=[TOOL_CALL]),
        end(response_metadata={"finish_reason": "tool_calls"}),
    ],
    "a tool call alone": [
        AIMessageChunk(content="", id="run-1", tool_call_chunks=[TOOL_CALL]),
        end(response_metadata={"finish_reason": "tool_calls"}),
    ],
    "cut for length": [*texts(*PIECES), end(response_metadata={"finish_reason": "length"})],
    "cut for length, another provider": [
        *texts(*PIECES),
        end(response_metadata={"stop_reason": "max_tokens"}),
    ],
    "cut for length, a third": [
        *texts(*PIECES),
        end(response_metadata={"stopReason": "max_tokens"}),
    ],
    "stopped by a guardrail": [
        *texts(*PIECES),
        end(response_metadata={"stopReason": "guardrail_intervened"}),
    ],
    "filtered for safety": [*texts("I"), end(response_metadata={"finish_reason": "SAFETY"})],
    "ended in an error": [*texts("I"), end(response_metadata={"finish_reason": "error"})],
    "filtered": [*texts("I"), end(response_metadata={"finish_reason": "content_filter"})],
    "refused": [
        AIMessageChunk(content="", id="run-1", additional_kwargs={"refusal": "I can't."}),
        end(response_metadata=FINISH),
    ],
    "incomplete": [
        *(block(piece) for piece in PIECES),
        end(response_metadata={"status": "incomplete"}),
    ],
    "empty": [end(response_metadata=FINISH)],
    "an open code block": [
        *texts("Try this:\n```python\n", "print(1)"),
        end(response_metadata=FINISH),
    ],
    "a tool call in words": [
        *texts(
            "Thought: I have to look at what she asks for first, and then say how it is done.\n"
        ),
        *texts("Action: look\n", "Action Input: lace wigs"),
        end(response_metadata=FINISH),
    ],
    "JSON": [*texts('{"price": ', "120}"), end(response_metadata=FINISH)],
}
"""Replies that must be passed on exactly as they are."""


def model(chunks: Sequence[AIMessageChunk], **fields: Any) -> ChunkModel:
    return ChunkModel(chunks=list(chunks), calls=[], **fields)
