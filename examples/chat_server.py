"""A chat server: server-sent events over POST, and one page that reads them.

Of a reply, `token` events carry the text as it comes, the last one perhaps an addition; `decision`
says what was decided and why, and `done` ends it. A client that leaves stops the model.
"""

import gc
import json
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI
from fastapi.responses import FileResponse, StreamingResponse
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from langchain_core.runnables import RunnableConfig
from offline import chat_model, parsed
from pydantic import BaseModel, Field

from tay_middleware import EscalationStep

PAGE = Path(__file__).with_name("chat_page.html")
LONGEST_TALK = 40
"""Messages of a session that are remembered; an app of your own has a database for them."""


class Ask(BaseModel):
    """One question of one person."""

    question: str = Field(min_length=1, max_length=4000)
    user_id: str = Field(min_length=1, max_length=100)
    session_id: str = Field(min_length=1, max_length=100)
    tier: str = "free"


def event(name: str, body: Any) -> str:
    """One server-sent event."""
    return f"event: {name}\ndata: {json.dumps(body)}\n\n"


def create_app(model: BaseChatModel) -> FastAPI:
    """The server around a model."""
    tay = EscalationStep(bound=model)
    talks: dict[str, list[BaseMessage]] = defaultdict(list)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        # What is imported by now stays. Else every full collection looks at all of it again, and
        # all streams of the process wait for that: 100 ms with LangChain and OpenAI's client.
        gc.collect()
        gc.freeze()
        yield
        tay.close()

    async def reply(ask: Ask) -> AsyncIterator[str]:
        talk = talks[f"{ask.user_id}/{ask.session_id}"]
        talk.append(HumanMessage(ask.question))
        who: RunnableConfig = {"configurable": ask.model_dump(exclude={"question"})}
        said, decision = "", None
        async with aclosing(tay.astream(list(talk), who)) as chunks:  # type: ignore[type-var]  # a generator
            async for chunk in chunks:
                said += chunk.text
                decision = chunk.response_metadata.get("tay", decision)
                if chunk.text:
                    yield event("token", {"text": chunk.text})
        talk.append(AIMessage(said))
        del talk[:-LONGEST_TALK]
        yield event("decision", decision)
        yield event("done", {})

    app = FastAPI(title="Tay", lifespan=lifespan)

    @app.get("/")
    async def page() -> FileResponse:
        return FileResponse(PAGE)

    @app.post("/chat")
    async def chat(ask: Ask) -> StreamingResponse:
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(reply(ask), media_type="text/event-stream", headers=headers)

    return app


if __name__ == "__main__":
    given = parsed("A chat server.")
    uvicorn.run(create_app(chat_model(given.model)), host="127.0.0.1", port=given.port)
