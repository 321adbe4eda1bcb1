"""Several processes on one Valkey, and what happens where there is none."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

MANY = """
import asyncio, sys
from pathlib import Path
from tests.storage.records import a_record, opened
from tay_middleware.storage import Outbox, open_store

async def main(url, home, first, count):
    outbox = Outbox(url, Path(home) / "spool.db", call_seconds=30)
    store = open_store(f"sqlite+aiosqlite:///{home}/tay.db", history_turns=10, outbox=outbox)
    await opened(store)
    turns = range(first, first + count)
    verdicts = await asyncio.gather(*(store.commit(a_record(n)) for n in turns))
    await store.aclose()
    print(sum(verdict.granted for verdict in verdicts))

asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
"""
ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.scale
def test_of_200_claims_from_four_processes_one_is_granted(redis_url: str, tmp_path: Path) -> None:
    command = [sys.executable, "-c", MANY, redis_url, str(tmp_path)]
    runs = [
        subprocess.Popen(
            [*command, str(1 + 50 * n), "50"], stdout=subprocess.PIPE, text=True, cwd=ROOT
        )
        for n in range(4)
    ]
    assert sum(int(run.communicate()[0]) for run in runs) == 1


MISSING = """
import pytest
from tests.fixtures_servers import started
from tests.servers import ServerMissing

@pytest.fixture
def server():
    def make():
        raise ServerMissing("no wheel")
    yield from started(make, "TAY_TEST_REDIS_URL")

def test_needs_it(server):
    pass
"""


@pytest.mark.scale
def test_a_missing_server_is_a_loud_skip_and_with_ci_a_failure(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(MISSING)
    said = {}
    for ci in ("", "true"):
        run = subprocess.run(
            [sys.executable, "-m", "pytest", "-rs", "-p", "no:cacheprovider", str(tmp_path)],
            cwd=tmp_path,
            env={**os.environ, "CI": ci, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
        said[ci] = run.returncode, run.stdout
    assert said[""][0] == 0
    assert "NO SERVER: no wheel" in said[""][1]
    assert said["true"][0] == 1
