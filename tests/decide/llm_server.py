"""A loopback server that speaks the OpenAI protocol, well or badly, in a process of its own.

The *model name* of a request says what happens: steps parted by commas, one a request, the last of
them for ever; what follows a `#` only makes the name a test's own. So `500,429@1,ok=course#a` fails
once, asks for a second's patience, and answers from then on.

    ok=OFFER[:REASON]   answers so, and `fenced=…`, `thinking=…`, `prose=…`, `parts=…` in that dress
    text=BASE64         answers with that text
    oracle              answers what the file of `--oracle` says of the question
    500, 429@SECONDS    any status, with a Retry-After if one is given
    quota, filtered, expired
    stall, drip, close, half, html, empty, error200, garbage
    refusal, nothing, length, filter
    object, plain       says 400 to json_schema; to json_object as well; else answers
    fussy               says 400 to max_tokens, then to temperature; else answers
    key=KEY             says 401 to any other key; else answers

`GET /requests` gives what arrived so far. The process ends when its standard input does.
"""

import argparse
import asyncio
import base64
import json
import subprocess
import sys
import threading
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from tay_middleware.decide.classify.asking import Asking
from tay_middleware.domain import Message
from tay_middleware.playbook import load_playbook

ROOT = Path(__file__).resolve().parents[2]
DRIP_SECONDS = 0.02
USAGE = {"prompt_tokens": 700, "completion_tokens": 12, "total_tokens": 712}

Reply = tuple[int, dict[str, str], bytes]


@dataclass(frozen=True)
class LlmServer:
    """A running server: its base URL, and what reached it."""

    url: str

    def requests(self, model: str) -> list[dict[str, Any]]:
        """The requests for `model`, oldest first: `authorization` and `body` of each."""
        with urllib.request.urlopen(f"{self.url}/requests", timeout=10) as reply:  # noqa: S310 - on loopback
            found = cast("list[dict[str, Any]]", json.load(reply))
        return [one for one in found if one["body"]["model"] == model]


@contextmanager
def llm_server(oracle: Path | None = None) -> Iterator[LlmServer]:
    """A server of one's own, gone again afterwards.

    Args:
        oracle: JSON Lines of `question`, `history`, `offer`, `reason` for models named `oracle`.
    """
    command = [sys.executable, "-m", "tests.decide.llm_server"]
    command += ["--oracle", str(oracle)] if oracle else []
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin
        assert process.stdout
        try:
            port = int(process.stdout.readline())
            yield LlmServer(f"http://127.0.0.1:{port}/v1")
        finally:
            process.stdin.close()
            process.wait(10)


class _Closing(Exception):
    """Hang up now."""


class _Server:
    def __init__(self, oracle: dict[str, str]) -> None:
        self._oracle = oracle
        self._seen: list[dict[str, Any]] = []
        self._turns: Counter[str] = Counter()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(_Closing, ConnectionError, asyncio.IncompleteReadError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                first, *lines = head.split("\r\n")
                headers = {
                    name.strip().lower(): value.strip()
                    for name, _, value in (line.partition(":") for line in lines if line)
                }
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                if first.startswith("GET"):
                    await _send(writer, (200, {}, json.dumps(self._seen).encode()))
                else:
                    await self._answer(json.loads(body), headers, writer)
        writer.close()

    async def _answer(
        self, body: dict[str, Any], headers: dict[str, str], writer: asyncio.StreamWriter
    ) -> None:
        model, key = body["model"], headers.get("authorization", "")
        self._seen.append({"authorization": key, "body": body})
        steps = model.partition("#")[0].split(",")
        step = steps[min(self._turns[model], len(steps) - 1)]
        self._turns[model] += 1
        if step in {"stall", "drip", "close", "half"}:
            await _misbehave(step, writer)
        elif step == "oracle":
            await _send(writer, _completion(self._oracle.get(body["messages"][1]["content"], "")))
        else:
            await _send(writer, _reply(step, body, key))


async def _misbehave(step: str, writer: asyncio.StreamWriter) -> None:
    _, _, whole = _completion('{"offer": "none", "reason": "none"}')
    head = (
        f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(whole)}\r\n\r\n"
    )
    if step == "stall":
        await asyncio.Event().wait()
    if step == "half":
        writer.write(head.encode() + whole[: len(whole) // 2])
        await writer.drain()
    if step == "drip":
        writer.write(head.encode())
        for byte in whole:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(DRIP_SECONDS)
    raise _Closing


def _reply(step: str, body: dict[str, Any], key: str) -> Reply:
    name, _, value = step.partition("=")
    if name[:3].isdigit():
        status, _, seconds = name.partition("@")
        return _error(int(status), "server_error", retry_after=seconds)
    if name in _ERRORS:
        return _error(*_ERRORS[name])
    if name in _ODD:
        return _ODD[name]
    objection = _objection(name, value, body, key)
    return objection or _completion(_dressed(name, value))


def _objection(name: str, value: str, body: dict[str, Any], key: str) -> Reply | None:
    wanted = body.get("response_format", {}).get("type")
    if name == "key" and key != f"Bearer {value}":
        return _error(401, "invalid_api_key")
    if wanted in {"object": {"json_schema"}, "plain": {"json_schema", "json_object"}}.get(name, {}):
        return _error(400, "unsupported", message=f"response_format {wanted} is not supported")
    if name == "fussy" and "max_tokens" in body:
        return _error(
            400, "unsupported_parameter", message="Use max_completion_tokens", param="max_tokens"
        )
    if name == "fussy" and "temperature" in body:
        return _error(400, "unsupported_value", message="'temperature' does not support 0 here")
    return None


def _dressed(name: str, value: str) -> Any:
    if name == "text":
        return base64.b64decode(value).decode()
    offer, _, reason = value.partition(":")
    plain = json.dumps({"offer": offer or "mentorship", "reason": reason or "strategic"})
    if name in {"object", "plain", "fussy", "key"}:
        return json.dumps({"offer": "mentorship", "reason": "strategic"})
    return {
        "fenced": f"```json\n{plain}\n```",
        "thinking": f'<think>Maybe {{"offer": "none", "reason": "none"}}?</think>\n{plain}',
        "prose": f"Sure! Here is my judgement: {plain} I hope it helps.",
        "parts": [{"type": "text", "text": plain}],
    }.get(name, plain)


def _completion(content: Any, finish: str = "stop", refusal: str | None = None) -> Reply:
    message = {"role": "assistant", "content": content, "refusal": refusal}
    choice = {"index": 0, "message": message, "finish_reason": finish}
    return _json({"id": "c1", "object": "chat.completion", "choices": [choice], "usage": USAGE})


def _json(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Reply:
    kind = {"content-type": "application/json", "date": "Tue, 06 Oct 2026 10:00:00 GMT"}
    return status, {**kind, **(headers or {})}, json.dumps(body).encode()


def _error(
    status: int, code: str, message: str = "no", retry_after: str = "", param: str | None = None
) -> Reply:
    error = {"message": message, "type": code, "code": code, "param": param}
    return _json({"error": error}, status, {"retry-after": retry_after} if retry_after else None)


_ERRORS = {
    "quota": (429, "insufficient_quota"),
    "filtered": (400, "content_filter"),
    "expired": (403, "expired"),
}
_ODD: dict[str, Reply] = {
    "html": (200, {"content-type": "text/html"}, b"<html>Welcome to the hotel's WiFi</html>"),
    "empty": (200, {"content-type": "application/json"}, b""),
    "garbage": (200, {"content-type": "application/json"}, b'{"choices": [{"mess\xff'),
    "error200": _json({"error": {"message": "upstream is away", "code": 502}}),
    "refusal": _completion(None, refusal="I cannot help with that."),
    "nothing": _json({"choices": [], "usage": USAGE}),
    "length": _completion('{"offer": "ment', finish="length"),
    "filter": _completion("", finish="content_filter"),
}


async def _send(writer: asyncio.StreamWriter, reply: Reply) -> None:
    status, headers, body = reply
    lines = [f"HTTP/1.1 {status} -", *(f"{name}: {value}" for name, value in headers.items())]
    lines += [f"content-length: {len(body)}", "", ""]
    writer.write("\r\n".join(lines).encode() + body)
    await writer.drain()


def _oracle(path: Path) -> dict[str, str]:
    """What is sent about each labelled question → its label, as an answer."""
    asking, answers = Asking(load_playbook()), {}
    for line in path.read_text().splitlines():
        row = json.loads(line)
        history = [Message(said["role"], said["content"]) for said in row.get("history") or ()]
        asked = asking.messages(row["question"], history)
        if asked is not None:
            offer, reason = row.get("offer") or "none", row.get("reason") or "none"
            answers[asked.user] = json.dumps({"offer": offer, "reason": reason})
    return answers


async def _main(oracle: Path | None) -> None:
    server = _Server(_oracle(oracle) if oracle else {})
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    print(listening.sockets[0].getsockname()[1], flush=True)
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()

    def until_input_ends() -> None:
        sys.stdin.read()
        loop.call_soon_threadsafe(ended.set)

    threading.Thread(target=until_input_ends, daemon=True).start()
    await ended.wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--oracle", type=Path)
    asyncio.run(_main(parser.parse_args().oracle))
