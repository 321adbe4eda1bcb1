"""Redis refused, hung, slow by a second: what the first turn pays, and what the later ones do."""

import asyncio
import socket
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tay_middleware.engine import Escalator
from tests.chaos.conftest import MakeStage
from tests.chaos.load import ANSWER, QUESTIONS
from tests.servers import Valkey

FIRST_MS, LATER_MS = 120.0, 5.0
LATER = 50


class SlowDoor:
    """A port in front of Valkey that lets nothing through for a while."""

    def __init__(self, target: Valkey) -> None:
        self._target = target
        self.seconds = 0.0
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            server.connect(self._target.url.removeprefix("unix://"))
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        try:
            while words := source.recv(65536):
                time.sleep(self.seconds)
                sink.sendall(words)
        except OSError:
            pass
        source.close()
        sink.close()

    def close(self) -> None:
        self._listening.close()


async def waits(engine: Escalator, turns: int) -> list[float]:
    """Milliseconds that replies were kept, by a model that answers at once."""
    kept = []
    for number in range(turns):
        turn = engine.turn(question=QUESTIONS[0], user_id=f"u{number}", session_id="s")
        begun = time.perf_counter()
        await engine.begin(turn).asettle(ANSWER)
        kept.append(1000 * (time.perf_counter() - begun))
    return kept


@contextmanager
def fault(kind: str, server: Valkey, door: SlowDoor) -> Iterator[None]:
    if kind == "refused":
        server.kill()
        yield
    elif kind == "hung":
        server.freeze()
        yield
        server.thaw()
    else:
        door.seconds = 1.0
        yield
        door.seconds = 0.0


@pytest.mark.parametrize("kind", ["refused", "hung", "slow by 1 s"])
def test_what_a_turn_pays(
    kind: str,
    stage: MakeStage,
    own_valkey: Valkey,
    postgres_url: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    door = SlowDoor(own_valkey)
    url = f"redis://127.0.0.1:{door.port}/0" if kind.startswith("slow") else own_valkey.url
    with stage(url, postgres_url).engine() as engine:
        healthy = statistics.median(asyncio.run(waits(engine, 30)))
        with fault(kind, own_valkey, door):
            kept = asyncio.run(waits(engine, 3 + LATER))
    door.close()
    added = [one - healthy for one in kept]
    later = sorted(added[3:])
    with capsys.disabled():
        print(
            f"\nRedis {kind:<12} healthy {healthy:5.1f} ms; added: first turns "
            f"{', '.join(f'{one:.0f}' for one in added[:3])} ms, later median "
            f"{statistics.median(later):.1f} ms, worst {later[-1]:.1f} ms",
            end="",
            flush=True,
        )
    assert max(added[:3]) <= FIRST_MS
    assert statistics.median(later) <= LATER_MS
