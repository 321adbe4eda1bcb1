"""Servers for one scenario each, and the fault-free run that the others are held against."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tay_middleware.playbook import Playbook
from tay_middleware.storage import upgrade
from tests.chaos.stage import DEADLINE_MS, SLACK_MS, Account, Stage
from tests.fixtures_servers import started
from tests.servers import Postgres, Valkey, ValkeyCluster

DURABLE: dict[str, Any] = {"appendonly": "yes", "appendfsync": "always"}
"""`everysec` may lose a second when the machine dies; that limit is documented, not tested."""

FIRST = "without a fault"
FAULT_FREE: dict[str, float] = {}


@pytest.fixture
def own_valkey() -> Iterator[Valkey]:
    yield from started(lambda: Valkey(**DURABLE), "nothing")


@pytest.fixture
def own_cluster() -> Iterator[ValkeyCluster]:
    yield from started(lambda: ValkeyCluster(**DURABLE), "nothing")


@pytest.fixture
def own_postgres() -> Iterator[Postgres]:
    yield from started(Postgres, "nothing")


MakeStage = Callable[..., Stage]


@pytest.fixture
def stage(playbook: Playbook, tmp_path: Path) -> Iterator[MakeStage]:
    made: list[Stage] = []

    def make(redis_url: str, database_url: str, **outbox: Any) -> Stage:
        upgrade(database_url)
        made.append(Stage(redis_url, database_url, playbook, tmp_path, **outbox))
        return made[-1]

    yield make
    for one in made:
        one.stop_drains()


Judge = Callable[[str, Callable[[], Account]], Account]

TRIES = 3
"""How often a scenario may be played until it is fast enough: a machine that is busy with something
else is slow for everybody. What is missing or doubled counts each time."""


@pytest.fixture
def judge(capsys: pytest.CaptureFixture[str]) -> Judge:
    """Play a scenario, print its account, and hold it to what was promised."""

    def hold(name: str, play: Callable[[], Account]) -> Account:
        for _ in range(TRIES):
            account = play()
            with capsys.disabled():
                print(f"\n{account.line(name)}", end="", flush=True)
            if name == FIRST:
                FAULT_FREE["p999_ms"] = min(account.p999_ms, FAULT_FREE.get("p999_ms", 1e9))
            assert (account.missing, account.doubled) == (0, 0)
            assert (account.wrong_words, account.figures_off) == (0, 0)
            if account.p999_ms - _usual_ms(name, account) <= DEADLINE_MS + SLACK_MS:
                return account
        pytest.fail(f"{name}: {TRIES} tries, each slower than promised")

    return hold


def _usual_ms(name: str, account: Account) -> float:
    """What the load costs with nothing broken: its own run before, else the first scenario's."""
    if account.usual_ms is not None:
        return account.usual_ms
    return 0.0 if name == FIRST else FAULT_FREE.get("p999_ms", SLACK_MS)
