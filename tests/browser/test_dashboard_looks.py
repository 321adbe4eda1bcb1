"""How the dashboard is to everybody: axe, widths, the keyboard, paper, without a script."""

import re

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from tay_middleware.storage.desk.tokens import Scope
from tests.browser.desk import Desk
from tests.web.dashboard.stage import Served

PAGES = (
    *("/", "/?period=7&offer=course&tier=vip", "/escalations", "/escalations?offer=course"),
    *("/experiments", "/playbook", "/payments", "/payments?view=inbox", "/payments?view=dead"),
    *("/review", "/review/2026-W45", "/audit", "/nowhere"),
)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_grave_on_any_page(desk: Desk, scheme: str) -> None:
    desk.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    found = {}
    sold = desk.mention(0, converted_only=True)
    for path in (*PAGES, f"/escalations/{desk.mention(0).id}", f"/escalations/{sold.id}"):
        desk.open(path)
        desk.page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        found[path] = desk.grave()
    assert {path: grave for path, grave in found.items() if grave} == {}


def test_axe_finds_nothing_grave_at_the_door_and_in_a_result(
    context: BrowserContext, served: Served, desk: Desk
) -> None:
    page = context.browser.new_page() if context.browser else context.new_page()
    door = Desk(page, served)
    door.open("/login")
    assert door.grave() == []
    page.get_by_label("Admin token").fill("tay_nonsense")
    page.get_by_role("button", name="Sign in").click()
    assert door.grave() == []
    page.close()
    desk.go("Playbook")
    desk.page.get_by_label("A question").fill("Can you review my pricing structure?")
    desk.page.get_by_role("button", name="Decide").click()
    expect(desk.page.locator(".result")).to_be_visible()
    assert desk.grave() == []


def test_no_page_is_wider_than_its_window(desk: Desk) -> None:
    found = {}
    sold = desk.mention(0, converted_only=True)
    for path in (*PAGES, f"/escalations/{desk.mention(0).id}", f"/escalations/{sold.id}"):
        desk.open(path)
        found[path] = desk.overflow()
    assert {path: by for path, by in found.items() if by > 0} == {}


def test_long_words_break_and_do_not_widen_the_page(desk: Desk) -> None:
    mention = desk.mention(5)
    long = "supercalifragilistic" * 40
    desk.served.rewrite(
        mention.id, question=long, user_id=long, session_id=long, template=long, topic="t" * 60
    )
    for path in ("/escalations", f"/escalations/{mention.id}"):
        desk.open(path)
        assert desk.overflow() <= 0, path


def test_a_long_name_of_a_token_squeezes_nothing_beside_it(desk: Desk) -> None:
    desk.open("/")
    name = "Robin the owner with a very long name that nobody would choose"
    desk.page.locator(".me .who").evaluate("(one, name) => { one.textContent = name }", name)
    for part in (".brand span", ".me button"):
        box = desk.page.locator(part).bounding_box()
        assert box is not None
        assert box["height"] < 60, part


def test_the_keyboard_reaches_everything_and_sees_where_it_is(desk: Desk) -> None:
    page = desk.page
    desk.open("/escalations")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    reached = []
    for _ in range(22):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate(
                """() => {
                    const at = document.activeElement, style = getComputedStyle(at);
                    return [at.id || at.textContent.trim(), style.outlineStyle, style.outlineWidth];
                }"""
            )
        )
    names = [one[0] for one in reached]
    assert names[:3] == ["Download as CSV", "offer", "tier"]
    assert "converted_only" in names
    assert {one[1] for one in reached if one[0] not in {"since", "until"}} == {"solid"}


def test_paper_shows_the_figures_and_not_the_frame(desk: Desk) -> None:
    page = desk.page
    page.emulate_media(media="print")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    expect(page.locator(".side")).to_be_hidden()
    expect(page.locator(".filters")).to_be_hidden()
    expect(page.get_by_role("region", name="Mentions by day")).to_be_visible()
    expect(page.locator(".made-up")).to_be_visible()
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    expect(page.locator("details[open]")).to_have_count(1)
    if not desk.is_narrow:
        assert page.pdf(format="A4")[:4] == b"%PDF"


def test_everything_works_without_a_script(browser: Browser, served: Served) -> None:
    context = browser.new_context(java_script_enabled=False)
    desk = Desk(context.new_page(), served)
    desk.sign_in(served.token(*Scope))
    page = desk.page
    page.get_by_label("Period").select_option("7")
    page.get_by_role("button", name="Show").click()
    expect(page).to_have_url(re.compile(r"period=7"))
    desk.go("Playbook")
    page.get_by_label("A question").fill("Can you review my pricing structure?")
    page.get_by_role("button", name="Decide").click()
    expect(page.locator(".result")).to_be_visible()
    desk.open(f"/escalations/{desk.mention(6).id}")
    page.get_by_role("button", name="It was right").click()
    desk.told("Your label is kept.")
    desk.check()
    context.close()


def test_a_bigger_letter_breaks_nothing(browser: Browser, served: Served) -> None:
    context = browser.new_context(viewport={"width": 720, "height": 900})
    desk = Desk(context.new_page(), served)
    desk.sign_in(served.token(*Scope))
    for path in PAGES:
        desk.open(path)
        desk.page.evaluate("document.documentElement.style.fontSize = '200%'")
        assert desk.overflow() <= 0, path
    context.close()
