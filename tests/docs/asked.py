"""Asks a `tay serve` of its own over HTTP."""

import json
import os
import subprocess
from collections.abc import Sequence

import httpx

from tests.docs.brief import TAY
from tests.servers import free_port, wait_until


def served(requests: Sequence[str], environment: dict[str, str]) -> dict[str, str]:
    """The answers to `GET …` requests, as indented JSON, by request."""
    settings = {**os.environ, **environment}
    token = subprocess.run(
        [str(TAY), "tokens", "create", "--scope", "read"],
        env=settings,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    port = free_port()
    process = subprocess.Popen(
        [str(TAY), "serve", "--port", str(port)],
        env=settings,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    headers = {"authorization": f"Bearer {next(one for one in token if one.startswith('tay_'))}"}
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers) as client:
            wait_until(lambda: _answers(client), "tay serve does not start", 60)
            return {one: _told(client, one) for one in requests}
    finally:
        process.terminate()
        process.wait(30)


def _answers(client: httpx.Client) -> bool:
    try:
        return client.get("/health").status_code < 500
    except httpx.TransportError:
        return False


def _told(client: httpx.Client, request: str) -> str:
    found = client.get(request.removeprefix("GET ")).raise_for_status()
    return "\n".join(f"{json.dumps(name)}: {_short(value)}" for name, value in _pairs(found.json()))


def _pairs(value: object) -> list[tuple[str, object]]:
    if isinstance(value, dict) and isinstance(value.get("items"), list) and value["items"]:
        value = value["items"][0]
    return list(value.items()) if isinstance(value, dict) else []


def _short(value: object) -> str:
    words = json.dumps(value, ensure_ascii=False)
    return words if len(words) < 130 else words[:126] + " …"
