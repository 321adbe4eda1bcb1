"""A server on the loopback that speaks OpenAI's two protocols, for the real `langchain-openai`.

What it answers is named by the `model` of the request; see `ANSWERS`. It speaks only as much of the
protocols as a client needs, in the shapes in which they come over the wire.
"""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.langchain.models import ANSWER, PIECES

Event = dict[str, Any]

USAGE = {"prompt_tokens": 7, "completion_tokens": 13, "total_tokens": 20}
TOOL = {"name": "look", "arguments": '{"question": "prices"}'}


def finish_of(model: str) -> str:
    return {"cut": "length", "filtered": "content_filter", "tools": "tool_calls"}.get(model, "stop")


def chat_deltas(model: str) -> list[Event]:
    if model == "tools":
        call = {"index": 0, "id": "call-1", "type": "function", "function": TOOL}
        return [{"content": "Let me look."}, {"tool_calls": [call]}]
    if model == "refused":
        return [{"refusal": "I can't help with that."}]
    if model == "structured":
        return [{"content": '{"text": '}, {"content": '"so"}'}]
    return [{"content": piece} for piece in PIECES]


def chat_chunks(request: Event) -> Iterator[Event]:
    model = request["model"]
    head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": model}
    deltas = [{"role": "assistant", "content": ""}, *chat_deltas(model)]
    for delta in deltas:
        yield {**head, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]}
    yield {**head, "choices": [{"index": 0, "delta": {}, "finish_reason": finish_of(model)}]}
    if request.get("stream_options", {}).get("include_usage"):
        yield {**head, "choices": [], "usage": USAGE}


def chat_whole(request: Event) -> Event:
    model = request["model"]
    message: Event = {"role": "assistant", "content": ""}
    for delta in chat_deltas(model):
        message["content"] += delta.get("content", "")
        message |= {key: value for key, value in delta.items() if key != "content"}
    choice = {"index": 0, "message": message, "finish_reason": finish_of(model)}
    head = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": model}
    return {**head, "choices": [choice], "usage": USAGE}


def response_of(model: str, output: list[Event], status: str = "completed") -> Event:
    usage = {
        "input_tokens": 7,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": 13,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 20,
    }
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1,
        "model": model,
        "status": status,
        "output": output,
        "error": None,
        "instructions": None,
        "incomplete_details": {"reason": "max_output_tokens"} if model == "cut" else None,
        "metadata": {},
        "parallel_tool_calls": True,
        "temperature": 1.0,
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "usage": usage if output else None,
    }


def said(text: str) -> Event:
    part = {"type": "output_text", "text": text, "annotations": []}
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "status": "completed",
        "content": [part],
    }


def thought() -> Event:
    summary = [{"type": "summary_text", "text": "her prices"}]
    return {"id": "rs_1", "type": "reasoning", "summary": summary}


def called() -> Event:
    return {
        "id": "fc_1",
        "type": "function_call",
        "call_id": "call-1",
        "status": "completed",
    } | TOOL


def response_output(model: str) -> list[Event]:
    if model == "tools":
        return [called()]
    return [*([thought()] if model == "reasoning" else []), said(ANSWER)]


def response_events(request: Event) -> Iterator[Event]:
    model, output = request["model"], response_output(request["model"])
    yield {"type": "response.created", "response": response_of(model, [], "in_progress")}
    for at, item in enumerate(output):
        yield from EVENTS_OF[item["type"]](at, item)
    ending = "incomplete" if model == "cut" else "completed"
    yield {"type": f"response.{ending}", "response": response_of(model, output, ending)}


def reasoning_events(at: int, item: Event) -> Iterator[Event]:
    where = {"item_id": item["id"], "output_index": at, "summary_index": 0}
    part = {"type": "summary_text", "text": ""}
    yield _item("added", at, {**item, "summary": []})
    yield {"type": "response.reasoning_summary_part.added", "part": part, **where}
    for piece in ("her ", "prices"):
        yield {"type": "response.reasoning_summary_text.delta", "delta": piece, **where}
    yield _item("done", at, item)


def message_events(at: int, item: Event) -> Iterator[Event]:
    where = {"item_id": item["id"], "output_index": at, "content_index": 0}
    part = {"type": "output_text", "text": "", "annotations": []}
    yield _item("added", at, {**item, "content": [], "status": "in_progress"})
    yield {"type": "response.content_part.added", "part": part, **where}
    for piece in PIECES:
        yield {"type": "response.output_text.delta", "delta": piece, "logprobs": [], **where}
    yield {"type": "response.output_text.done", "text": ANSWER, "logprobs": [], **where}
    yield {"type": "response.content_part.done", "part": item["content"][0], **where}
    yield _item("done", at, item)


def call_events(at: int, item: Event) -> Iterator[Event]:
    where = {"item_id": item["id"], "output_index": at}
    arguments = item["arguments"]
    yield _item("added", at, {**item, "arguments": "", "status": "in_progress"})
    yield {"type": "response.function_call_arguments.delta", "delta": arguments, **where}
    yield {"type": "response.function_call_arguments.done", "arguments": arguments, **where}
    yield _item("done", at, item)


def _item(what: str, at: int, item: Event) -> Event:
    return {"type": f"response.output_item.{what}", "output_index": at, "item": item}


EVENTS_OF: dict[str, Callable[[int, Event], Iterator[Event]]] = {
    "reasoning": reasoning_events,
    "message": message_events,
    "function_call": call_events,
}

FAILURES = {
    "wrong key": (401, "invalid_api_key"),
    "too many": (429, "rate_limit_exceeded"),
    "broken": (500, "server_error"),
}


class OpenAIServer(ThreadingHTTPServer):
    """Running from construction to `stop`; counts its requests, and can be let hang."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Conversation)
        self.requests: list[Event] = []
        self.let_go = threading.Event()
        self._thread = threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def stop(self) -> None:
        self.let_go.set()
        self.shutdown()
        self._thread.join()
        self.server_close()


class _Conversation(BaseHTTPRequestHandler):
    server: OpenAIServer

    def do_POST(self) -> None:
        with suppress(BrokenPipeError, ConnectionResetError):  # the client has left
            self._converse()

    def _converse(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.requests.append(request)
        model = request["model"]
        if model == "hanging":
            self.server.let_go.wait()
        schema = "response_format" in request or "text" in request
        if model == "no schema" and schema:
            self._fail(400, "response_format json_schema is not supported")
        elif model in FAILURES:
            self._fail(*FAILURES[model])
        else:
            self._answer(request)

    def _answer(self, request: Event) -> None:
        of_responses = self.path.endswith("/responses")
        if request.get("stream"):
            self._stream(request, of_responses=of_responses)
        elif of_responses:
            model = request["model"]
            status = "incomplete" if model == "cut" else "completed"
            self._json(200, response_of(model, response_output(model), status))
        else:
            self._json(200, chat_whole(request))

    def _fail(self, status: int, code: str) -> None:
        self._json(status, {"error": {"message": code, "type": code, "code": code}})

    def _json(self, status: int, body: Event) -> None:
        raw = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def _stream(self, request: Event, *, of_responses: bool) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        events = response_events(request) if of_responses else chat_chunks(request)
        for number, event in enumerate(events):
            if of_responses:
                self.wfile.write(f"event: {event['type']}\n".encode())
            body = {**event, "sequence_number": number} if of_responses else event
            self.wfile.write(f"data: {json.dumps(body)}\n\n".encode())
            self.wfile.flush()
        if not of_responses:
            self.wfile.write(b"data: [DONE]\n\n")

    def log_message(self, *_args: Any) -> None:
        """Quiet."""
