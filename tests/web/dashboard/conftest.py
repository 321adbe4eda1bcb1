"""One simulated month for all tests of a worker; whoever writes gets a copy of her own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tay_middleware.settings import Settings, load_settings
from tay_middleware.storage.desk.tokens import Scope
from tests.web.dashboard.stage import Served, Visitor, copied, settings_of, simulated

USERS = 70


@pytest.fixture(scope="session")
def month(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a simulated month; never written into."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("elsewhere"))
        return simulated(tmp_path_factory.mktemp("month") / "home", users=USERS)


@pytest.fixture(scope="module")
def served(month: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server over a copy of the month, for all tests of a module."""
    home = copied(month, tmp_path_factory.mktemp("served") / "home")
    running = Served(settings_of(home)).start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def robin(served: Served) -> Visitor:
    """Somebody whose token opens everything."""
    return served.visitor()


@pytest.fixture(scope="module")
def reader(served: Served) -> Visitor:
    """Somebody who may only look."""
    return served.visitor(Scope.READ)


@pytest.fixture
def alone(month: Path, tmp_path: Path) -> Iterator[Served]:
    """A server of the test's own."""
    running = Served(settings_of(copied(month, tmp_path / "home"))).start()
    yield running
    running.stop()


@pytest.fixture
def plain_settings(tmp_path: Path) -> Settings:
    """Settings of a server on which nothing has happened."""
    return load_settings(home=tmp_path / "plain", encoder="off")
