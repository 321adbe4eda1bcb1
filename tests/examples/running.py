"""The examples as a user runs them: as programs, in an empty directory."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PATIENT = {"TAY_GRACE_SECONDS": "10", "TAY_RECALL_TIMEOUT_SECONDS": "10"}
"""A loaded machine must not make us silent: that is tested where clocks are handed in."""

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def run(name: str, directory: Path, **settings: str) -> str:
    """What an example prints; it must end well and warn of nothing."""
    done = subprocess.run(
        [sys.executable, "-W", "error", EXAMPLES / name],
        cwd=directory,
        env={**os.environ, **PATIENT, **settings},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, ""), name
    return done.stdout


@contextmanager
def chat_server(directory: Path) -> Iterator[str]:
    """The chat server, running; its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, EXAMPLES / "chat_server.py", "--port", str(port)],
        cwd=directory,
        env={**os.environ, **PATIENT, "PYTHONUNBUFFERED": "1"},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert server.stderr is not None
    said: list[str] = []
    for line in server.stderr:
        said.append(line)
        if "running on" in line:
            break
    else:
        raise AssertionError("".join(said))
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        rest = server.communicate(timeout=30)[1]
        assert "Traceback" not in rest, rest
