from collections.abc import Iterator
from pathlib import Path
from shutil import copytree

import pytest

from tay_middleware.engine import Escalator
from tay_middleware.playbook import Playbook, shipped
from tay_middleware.settings import Settings
from tay_middleware.storage import TurnStore, open_store
from tests.engine.scenes import Clock, EngineOf


@pytest.fixture
def engine(playbook: Playbook, settings: Settings) -> Iterator[Escalator]:
    """An engine on a real store of the test's own."""
    url = settings.resolved_database_url
    made = Escalator(playbook, lambda: open_store(url, history_turns=50), settings)
    yield made
    made.close()


@pytest.fixture
def engine_on(playbook: Playbook, settings: Settings) -> Iterator[EngineOf]:
    """Makes engines on a store of the test's choice; they are closed afterwards."""
    made: list[Escalator] = []

    def make(store: TurnStore, *, grace_seconds: float = 3.0) -> Escalator:
        short = settings.model_copy(
            update={"grace_seconds": grace_seconds, "recall_timeout_seconds": 0.5}
        )
        engine = Escalator(playbook, lambda: store, short, clock=Clock())
        made.append(engine)
        return engine

    yield make
    for engine in made:
        engine.close()


@pytest.fixture
def prompts(tmp_path: Path) -> Path:
    return copytree(shipped(), tmp_path / "prompts")


@pytest.fixture
def edited(settings: Settings, prompts: Path) -> Settings:
    """Settings of an app whose business edits `prompts`."""
    return settings.model_copy(update={"prompts_dir": prompts})
