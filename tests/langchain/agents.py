"""An agent that looks something up before it answers, and a model that does so in chunks."""

from collections.abc import Iterator, Sequence
from typing import Any

from langchain.agents import create_agent
from langchain_core.language_models.chat_models import generate_from_stream
from langchain_core.messages import AIMessageChunk, BaseMessage, HumanMessage, ToolMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langgraph.checkpoint.memory import InMemorySaver

from tests.langchain.models import NEED, SHAPES, ChunkModel, end, texts

PLAIN = SHAPES["finish, then usage"]
LOOKS = [
    *texts("Let me look."),
    AIMessageChunk(
        content="",
        tool_call_chunks=[
            {
                "name": "look",
                "args": '{"question": "prices"}',
                "id": "call-1",
                "index": 0,
                "type": "tool_call_chunk",
            }
        ],
    ),
    end(response_metadata={"finish_reason": "tool_calls"}),
]


class LookingModel(ChunkModel):
    """Calls its tool first, and answers when it has seen the result; names no message itself."""

    looks: list[AIMessageChunk] = LOOKS

    def _stream(
        self, messages: list[BaseMessage], *_args: Any, **_kwargs: Any
    ) -> Iterator[ChatGenerationChunk]:
        self.calls.append("stream")
        chunks = self.chunks if isinstance(messages[-1], ToolMessage) else self.looks
        for chunk in chunks:
            yield ChatGenerationChunk(message=chunk.model_copy(update={"id": None}))

    def _generate(self, messages: list[BaseMessage], *_args: Any, **_kwargs: Any) -> ChatResult:
        return generate_from_stream(self._stream(messages))


def look(question: str) -> str:
    """Look it up."""
    return f"seen: {question}"


def an_agent(
    middleware: Sequence[Any],
    chunks: Sequence[AIMessageChunk] = PLAIN,
    *,
    model: Any = None,
    **more: Any,
) -> Any:
    """An agent with a tool and a checkpointer."""
    model = model or LookingModel(chunks=list(chunks), calls=[])
    return create_agent(
        model, tools=[look], middleware=middleware, checkpointer=InMemorySaver(), **more
    )


def asked(text: str = NEED) -> Any:
    return {"messages": [HumanMessage(text)]}
