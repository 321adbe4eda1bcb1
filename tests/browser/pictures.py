"""The pictures of the dashboard in `docs/images`, from a seeded simulation: `make pictures`."""

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Literal

from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tay_middleware.storage.desk.tokens import Scope
from tay_middleware.storage.reading import log
from tay_middleware.storage.reading.log import Filter
from tests.web.dashboard.stage import Served, settings_of, simulated

USERS = 900
COLOURS = 128
"""Of a picture: enough for pages of few colours, and a third of the size."""

expect.set_options(timeout=30_000)

IMAGES = Path(__file__).parents[2] / "docs" / "images"
QUESTION = "Can you review my pricing structure and tell me what's wrong with it?"

Scheme = Literal["light", "dark"]


@dataclass(frozen=True)
class Look:
    """One way to look at pages; `only` some of them."""

    name: str
    width: int = 1440
    scheme: Scheme = "light"
    only: frozenset[str] | None = None


SOME = frozenset({"overview", "escalation", "playbook"})
LOOKS = (
    Look("light"),
    Look("dark", scheme="dark", only=SOME),
    Look("phone", width=360, only=SOME),
)


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser, without a window."""
    program = os.environ.get("TAY_TEST_CHROMIUM") or shutil.which("chromium")
    if program is None:
        sys.exit("no browser: set TAY_TEST_CHROMIUM, or apt-get install -y chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


def opened(browser: Browser, served: Served, look: Look, token: str) -> Page:
    """A signed-in page."""
    context = browser.new_context(
        viewport={"width": look.width, "height": 900}, color_scheme=look.scheme
    )
    page = context.new_page()
    page.goto(f"{served.url}/login")
    page.get_by_label("Admin token").fill(token)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{served.url}/")
    return page


def places_of(served: Served) -> dict[str, str]:
    """Each page's name and path."""
    sold = served.ask(log.escalations, Filter(converted_only=True), limit=1)[0]
    return {
        "overview": "/",
        "escalations": "/escalations",
        "escalation": f"/escalations/{sold.id}",
        "experiments": "/experiments",
        "playbook": "/playbook",
        "payments": "/payments",
        "review": "/review",
        "week": "/review/2026-W45",
        "audit": "/audit",
    }


def draw(browser: Browser, served: Served, places: dict[str, str], into: Path, token: str) -> None:
    """All pages, in all looks."""
    for look in LOOKS:
        page = opened(browser, served, look, token)
        for name, path in places.items():
            if look.only is not None and name not in look.only:
                continue
            page.goto(f"{served.url}{path}")
            expect(page.locator("[data-pending]")).to_have_count(0)
            if name == "playbook":
                page.get_by_label("A question").fill(QUESTION)
                page.get_by_role("button", name="Decide").click()
                page.locator(".result").wait_for()
                page.evaluate("window.scrollTo(0, 0)")
            picture = into / f"dashboard-{name}-{look.name}.png"
            Image.open(BytesIO(page.screenshot(full_page=True))).quantize(COLOURS).save(
                picture, optimize=True
            )
            print(picture.name)
        page.context.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--into", type=Path, default=IMAGES)
    parser.add_argument("--users", type=int, default=USERS)
    parser.add_argument("--home", type=Path, help="a simulated home that is there already")
    given = parser.parse_args()
    given.into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as directory:
        home = given.home or simulated(Path(directory) / "home", users=given.users, days=42)
        served = Served(settings_of(home)).start()
        try:
            places, token = places_of(served), served.token(*Scope)
            with chromium() as browser:
                draw(browser, served, places, given.into, token)
        finally:
            served.stop()


if __name__ == "__main__":
    main()
