"""A browser for the tests of pages, and the dashboard of a simulated month on each database.

Databases are made before the browser is: Playwright keeps an event loop running in this thread,
beside which nothing can run another.
"""

import asyncio
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tay_middleware.storage import upgrade
from tay_middleware.storage.desk.tokens import Scope
from tests.browser.desk import Desk
from tests.fixtures_servers import _created
from tests.web.dashboard.stage import Served, settings_of, simulated

expect.set_options(timeout=30_000)

INSTALL = "apt-get update && apt-get install -y chromium"
USERS = 90


@pytest.fixture(scope="session")
def chromium() -> str:
    """The browser's program: TAY_TEST_CHROMIUM, or `chromium` on the PATH."""
    found = os.environ.get("TAY_TEST_CHROMIUM") or shutil.which("chromium")
    if found is None:
        pytest.fail(f"no browser: set TAY_TEST_CHROMIUM, or install one: {INSTALL}")
    return found


@dataclass(frozen=True)
class Months:
    """A simulated month in a file, and another on a server."""

    sqlite: Path
    postgres: Path
    postgres_url: str


@pytest.fixture(scope="module")
def months(
    tmp_path_factory: pytest.TempPathFactory,
    _databases: tuple[str, str],
) -> Months:
    url = asyncio.run(_created(_databases[0]))
    upgrade(url)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("elsewhere"))
        file = simulated(tmp_path_factory.mktemp("file") / "home", users=USERS)
        home = tmp_path_factory.mktemp("server") / "home"
        return Months(file, simulated(home, users=USERS, database_url=url), url)


@pytest.fixture(scope="module")
def browser(chromium: str, months: Months) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def served(request: pytest.FixtureRequest, browser: Browser, months: Months) -> Iterator[Served]:
    """The dashboard on each database."""
    if request.param == "sqlite":
        settings = settings_of(months.sqlite)
    else:
        settings = settings_of(months.postgres, months.postgres_url)
    running = Served(settings).start()
    yield running
    running.stop()


@pytest.fixture(params=[360, 1440])
def context(
    request: pytest.FixtureRequest, browser: Browser, served: Served
) -> Iterator[BrowserContext]:
    """A fresh browser profile, as wide as a telephone and as a desk."""
    opened = browser.new_context(viewport={"width": request.param, "height": 900})
    yield opened
    opened.close()


@pytest.fixture
def desk(context: BrowserContext, served: Served) -> Iterator[Desk]:
    """A signed-in page. Complaints on its console, and requests to other hosts, fail the test."""
    page: Page = context.new_page()
    made = Desk(page, served)
    made.sign_in(served.token(*Scope))
    yield made
    made.check()
