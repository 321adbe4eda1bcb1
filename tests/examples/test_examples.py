"""Every example is run as it stands; the page in a browser is in `tests/browser`."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.examples.running import chat_server, run

NEED = "Can you review my pricing structure and tell me what's wrong with it?"


@pytest.mark.parametrize("name", ["chain.py", "retrofit.py", "agent.py"])
def test_an_example_ends_its_answer_with_one_mention(name: str, tmp_path: Path) -> None:
    printed = run(name, tmp_path)
    assert printed.lower().count("the mentorship") == 1
    assert "most of the mess sits there.\n\n" in printed


def test_an_agent_that_is_told_no_decision_answers_all_the_same(tmp_path: Path) -> None:
    printed = run("agent.py", tmp_path, TAY_MODE="off")
    assert "the mentorship" not in printed
    assert "no decision" in printed


def events(response: httpx.Response) -> list[tuple[str, Any]]:
    told = []
    for block in response.text.strip().split("\n\n"):
        name, data = (line.partition(": ")[2] for line in block.split("\n"))
        told.append((name, json.loads(data)))
    return told


def test_the_chat_server_streams_a_reply_then_the_decision_and_lets_clients_leave(
    tmp_path: Path,
) -> None:
    with chat_server(tmp_path) as url, httpx.Client(base_url=url, timeout=60) as client:
        ask = {"question": NEED, "user_id": "u1", "session_id": "s1"}
        told = events(client.post("/chat", json=ask))
        names = [name for name, _ in told]
        assert names == ["token"] * (len(names) - 2) + ["decision", "done"]
        assert told[-3][1]["text"] == told[-2][1]["addition"]
        assert told[-2][1]["offer"] == "mentorship"
        again = events(client.post("/chat", json=ask))
        assert again[-2][1]["suppressed"] == "cooldown"
        assert client.post("/chat", json={"question": ""}).status_code == 422
        page = client.get("/")
        assert page.headers["content-type"].startswith("text/html")
        with client.stream("POST", "/chat", json={**ask, "user_id": "who leaves"}) as response:
            next(response.iter_text())
        assert events(client.post("/chat", json={**ask, "user_id": "u2"}))[-1][0] == "done"
