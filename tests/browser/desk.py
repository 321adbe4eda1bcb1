"""Somebody at the dashboard in a real browser."""

import re
from typing import Any
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import ConsoleMessage, Page, Request, expect

from tay_middleware.storage.reading import log
from tay_middleware.storage.reading.log import Filter
from tests.web.dashboard.stage import Served

GRAVE = {"serious", "critical"}


class Desk:
    """A page, what it complained of, and whom it asked."""

    def __init__(self, page: Page, served: Served) -> None:
        self.page, self.served = page, served
        self.complaints: list[str] = []
        self.hosts: set[str] = set()
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", self._request)
        page.on("dialog", lambda dialog: self.complaints.append(f"a dialog: {dialog.message}"))

    @property
    def is_narrow(self) -> bool:
        size = self.page.viewport_size
        return size is not None and size["width"] < 500

    def sign_in(self, token: str) -> None:
        self.page.goto(f"{self.served.url}/login")
        self.page.get_by_label("Admin token").fill(token)
        self.page.get_by_role("button", name="Sign in").click()
        expect(self.page.get_by_role("heading", level=1)).to_have_text("How Tay is doing")

    def go(self, name: str) -> None:
        """Go to a page by the navigation."""
        self.page.get_by_role("navigation", name="Pages").get_by_role("link", name=name).click()
        expect(self.page.locator("nav a[aria-current=page]")).to_have_text(name)

    def open(self, path: str) -> None:
        self.page.goto(f"{self.served.url}{path}")

    def told(self, words: str) -> None:
        expect(self.page.get_by_role("status").first).to_contain_text(words)

    def mention(self, number: int, **wanted: Any) -> Any:
        """One of the mentions; each test takes another, on each width."""
        rows = self.served.ask(log.escalations, Filter(**wanted), limit=200)
        fresh = [row for row in rows if wanted or not row.converted]
        return fresh[2 * number + self.is_narrow]

    def grave(self) -> list[str]:
        """What axe finds serious or critical on the page as it is."""
        response = Axe().run(self.page).response
        assert response["passes"], "axe has looked at nothing"
        found = response["violations"]
        return [
            f"{one['impact']} {one['id']}: {node['html'][:160]} {node.get('failureSummary', '')}"
            for one in found
            if one["impact"] in GRAVE
            for node in one["nodes"]
        ]

    def overflow(self) -> int:
        """By how many pixels the page is wider than its window."""
        wide: int = self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        return wide

    def check(self) -> None:
        """Nothing was complained of, and nobody else was asked."""
        assert self.complaints == []
        assert self.hosts <= {urlsplit(self.served.origin).netloc}

    def _console(self, message: ConsoleMessage) -> None:
        expected = re.search(r"status of 4\d\d", message.text)
        if message.type in {"error", "warning"} and not expected:
            self.complaints.append(message.text)

    def _request(self, request: Request) -> None:
        if not request.url.startswith(("data:", "blob:")):
            self.hosts.add(urlsplit(request.url).netloc)
