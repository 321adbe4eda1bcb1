"""The page of the chat server in a real browser: `make test-browser`."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.examples.running import chat_server


@pytest.fixture
def page(chromium: str, tmp_path: Path) -> Iterator[Page]:
    """The chat's page, open; whatever it complains of on its console fails the test, but a 503."""
    complaints: list[str] = []
    with chat_server(tmp_path) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        opened = browser.new_page()
        opened.on(
            "console",
            lambda message: complaints.append(message.text) if message.type == "error" else None,
        )
        opened.on("pageerror", lambda error: complaints.append(str(error)))
        opened.goto(url)
        yield opened
        browser.close()
    assert [complaint for complaint in complaints if "503" not in complaint] == []


def ask(page: Page, question: str) -> None:
    page.get_by_label("Your question").fill(question)
    page.get_by_role("button", name="Ask").click()


def test_an_answer_arrives_in_pieces_and_ends_with_a_mention(page: Page) -> None:
    page.evaluate(
        """() => {
            window.seen = [];
            new MutationObserver(() => {
                const text = document.querySelector("article.tay .text")?.textContent;
                if (text) window.seen.push(text);
            }).observe(document.querySelector("#talk"), {subtree: true, childList: true});
        }"""
    )
    ask(page, "Can you review my pricing structure and tell me what's wrong with it?")
    answer = page.locator("article.tay[data-done] .text")
    expect(answer).to_contain_text("the mentorship")
    whole = answer.text_content() or ""
    before, _, addition = whole.partition("\n\n")
    assert before.endswith("most of the mess sits there.")
    assert addition.count("\n\n") == 0
    seen: list[str] = page.evaluate("window.seen")
    assert len(set(seen)) > 10
    assert all(whole.startswith(piece) for piece in seen)


def test_it_says_why_and_says_nothing_where_nothing_was_added(page: Page) -> None:
    ask(page, "how do i pluck a hairline?")
    first = page.locator("article.tay[data-done]")
    expect(first).to_have_count(1)
    expect(first.locator("details")).to_have_count(0)
    ask(page, "Can you review my pricing structure and tell me what's wrong with it?")
    expect(page.locator("article.tay[data-done]")).to_have_count(2)
    reason = page.locator("article.tay").nth(1).locator("details")
    reason.locator("summary").click()
    expect(reason.locator("span")).to_have_text("mentorship: personalized_help, gentle")


def test_what_is_typed_is_text_and_never_markup(page: Page) -> None:
    ask(page, "<img src=x onerror=alert(1)> how do i pluck a hairline?")
    expect(page.locator("article.tay[data-done]")).to_have_count(1)
    assert page.locator("img").count() == 0
    expect(page.locator("article.mine .text")).to_contain_text("<img src=x")


def test_a_server_that_is_away_is_told_in_words(page: Page) -> None:
    page.route("**/chat", lambda route: route.fulfill(status=503, body=""))
    ask(page, "hello?")
    expect(page.locator("article.tay .text").last).to_contain_text("That did not work")
    expect(page.get_by_role("button", name="Ask")).to_be_enabled()
