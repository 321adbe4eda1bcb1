"""Every flow of the dashboard in a real browser: at two widths, on SQLite and PostgreSQL."""

import csv
import re
from datetime import timedelta
from pathlib import Path

from playwright.sync_api import BrowserContext, expect

from tay_middleware.storage.desk.tokens import Scope
from tay_middleware.storage.reading import sales
from tay_middleware.web.dashboard.visitors import LIFETIME
from tests.browser.desk import Desk
from tests.web.dashboard.stage import Served

NEED = "Can you review my pricing structure and tell me what's wrong?"


def test_the_way_in_and_out(context: BrowserContext, served: Served) -> None:
    page = context.new_page()
    desk = Desk(page, served)
    page.goto(f"{served.url}/review")
    expect(page.get_by_label("Admin token")).to_be_focused()
    page.get_by_label("Admin token").fill("tay_nonsense")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("That is no token of ours")
    page.get_by_label("Admin token").fill(served.token(Scope.READ))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Review")
    page.get_by_role("button", name="Sign out").click()
    desk.told("You are signed out.")
    page.goto(f"{served.url}/review")
    expect(page.get_by_label("Admin token")).to_be_visible()
    desk.check()


def test_an_old_session_leads_to_the_door_and_back(desk: Desk) -> None:
    page, clock = desk.page, desk.served.clock
    desk.open("/escalations?offer=course")
    began, clock.now = clock.now, clock.now + LIFETIME + timedelta(minutes=1)
    page.reload()
    page.get_by_label("Admin token").fill(desk.served.token(Scope.READ))
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(f"{desk.served.url}/escalations?offer=course")
    clock.now = began


def test_the_overview_is_narrowed_by_choosing_and_keeps_it_in_its_address(desk: Desk) -> None:
    page = desk.page
    expect(page.locator(".tile")).to_have_count(4)
    expect(page.locator(".tile .gauge").first).to_be_visible()
    shown = "narrow" if desk.is_narrow else "wide"
    hidden = "wide" if desk.is_narrow else "narrow"
    expect(page.locator(f".chart.{shown}").first).to_be_visible()
    expect(page.locator(f".chart.{hidden}").first).to_be_hidden()
    page.get_by_label("Period").select_option("90")
    expect(page).to_have_url(re.compile(r"/\?period=90$"))
    page.get_by_label("Offer", exact=True).select_option("course")
    page.wait_for_url(re.compile(r"offer=course"))
    page.get_by_label("Tier").select_option("premium")
    page.wait_for_url(re.compile(r"tier=premium"))
    expect(page.locator(".lead").first).to_contain_text("90 days, course, premium users")
    page.go_back()
    expect(page.get_by_label("Tier")).to_have_value("")
    page.get_by_text("The figures").first.click()
    table = page.get_by_role("region", name="Mentions by day")
    expect(table.get_by_role("row").nth(1)).to_be_visible()
    expect(page.get_by_role("heading", name="Running tests")).to_be_visible()
    page.get_by_role("link", name="purchases that wait for a person").click()
    expect(page).to_have_url(re.compile(r"view=unmatched"))


def test_the_list_is_narrowed_turned_over_and_taken_out(desk: Desk, tmp_path: Path) -> None:
    page = desk.page
    desk.go("Escalations")
    first = page.locator(".rows .ask").first.inner_text()
    page.get_by_role("link", name="Older").click()
    page.wait_for_url(re.compile(r"before="))
    assert page.locator(".rows .ask").count() == 25
    page.get_by_role("link", name="Newest").click()
    expect(page.locator(".rows .ask").first).to_have_text(first)
    page.get_by_label("Offer").select_option("course")
    page.wait_for_url(re.compile(r"offer=course$"))
    assert set(page.locator(".chip.offer").all_inner_texts()) == {"course"}
    page.get_by_label("sold only").check()
    page.get_by_role("button", name="Show").click()
    page.wait_for_url(re.compile(r"converted_only=true"))
    chips = page.locator(".rows li")
    expect(chips.filter(has_text="led to a sale")).to_have_count(chips.count())
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Download as CSV").click()
    file = tmp_path / "escalations.csv"
    waiting.value.save_as(file)
    with file.open(newline="", encoding="utf-8-sig") as lines:
        rows = list(csv.DictReader(lines))
    assert len(rows) == chips.count()
    assert {row["offer"] for row in rows} == {"course"}
    page.get_by_role("link", name="all again").click()
    expect(page.get_by_label("Offer")).to_have_value("")


def test_one_mention_tells_its_story_and_hears_what_became_of_it(desk: Desk) -> None:
    page, mention = desk.page, desk.mention(0)
    desk.open(f"/escalations/{mention.id}")
    assert page.locator("mark").count() > 0
    expect(page.get_by_text("How it was decided")).to_be_visible()
    page.get_by_text("Indicators and scores").click()
    expect(page.get_by_role("region", name="Indicators")).to_be_visible()
    page.get_by_label("yes").check()
    page.get_by_label("Amount, if known").fill("480.00")
    page.get_by_label("Why").fill("paid by bank")
    page.get_by_role("button", name="Mark").click()
    desk.told("Marked.")
    expect(page.locator(".chip.good")).to_have_text("led to a sale: 480.00 USD")
    page.get_by_label("as the payments say").check()
    page.get_by_role("button", name="Mark").click()
    expect(page.locator(".chip.good")).to_have_count(0)
    page.get_by_role("button", name="Nothing was due").click()
    desk.told("Your label is kept.")
    expect(page.get_by_text("Nothing should have been mentioned.")).to_be_visible()
    page.get_by_role("button", name="Take it back").click()
    desk.told("The label is taken back.")
    page.get_by_label("A note for the others").fill("She asked for a call.")
    page.get_by_role("button", name="Keep").click()
    expect(page.locator(".words")).to_have_text("She asked for a call.")
    desk.go("Audit log")
    trail = page.locator(".rows li").filter(has_text=str(mention.id))
    expect(trail).to_have_count(5)
    assert not desk.served.ask(sales.escalation, mention.id).converted


def test_an_amount_that_cannot_be_is_told_in_words(desk: Desk) -> None:
    page = desk.page
    desk.open(f"/escalations/{desk.mention(1).id}")
    page.get_by_label("yes").check()
    page.get_by_label("Amount, if known").fill("a lot")
    page.get_by_role("button", name="Mark").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Not understood")
    expect(page.locator(".lead")).to_contain_text("amount")


def test_experiments_say_where_they_stand_and_how_they_got_there(desk: Desk) -> None:
    page = desk.page
    desk.go("Experiments")
    holdout = page.locator("#holdout")
    expect(holdout.locator(".call")).not_to_be_empty()
    expect(holdout.get_by_role("progressbar")).to_be_visible()
    expect(holdout.get_by_role("region", name="Arms of holdout")).to_contain_text("control")
    expect(holdout.get_by_text("planned")).not_to_have_count(0)
    expect(page.locator("[data-pending]")).to_have_count(0)  # it looks again by itself
    expect(page.locator("#mentorship-openings")).to_contain_text("Which of the three openings")


def test_a_question_is_tried_without_a_trace(desk: Desk) -> None:
    page = desk.page
    desk.go("Playbook")
    expect(page.get_by_text("wordings keep the rules of conduct")).to_be_visible()
    before = desk.served.ask(sales.figures, desk.mention(0).created_at, desk.served.clock())
    page.get_by_label("A question").fill(NEED)
    page.get_by_label("Tier").select_option("vip")
    page.get_by_role("button", name="Decide").click()
    result = page.locator(".result")
    expect(result).to_contain_text("Mentions mentorship")
    assert result.locator("mark").count() > 0
    expect(result.locator(".addition")).to_be_visible()
    result.get_by_text("What would have changed it").click()
    after = desk.served.ask(sales.figures, desk.mention(0).created_at, desk.served.clock())
    assert after == before


def test_a_wording_is_paused_and_switched_on_again(desk: Desk) -> None:
    page, name = desk.page, "masterclass.gentle.any.B"
    desk.go("Playbook")
    page.get_by_label("Offer or wording").fill(name)
    page.get_by_label("Why", exact=True).fill("people misread it")
    page.get_by_role("button", name="Pause").click()
    desk.told("It is paused, in every running chat.")
    line = page.locator(".line").filter(has_text=name)
    expect(line).to_contain_text("people misread it")
    line.get_by_label("Why on again").fill("the text is clearer now")
    line.get_by_role("button", name="Switch on again").click()
    desk.told("It is switched on again.")
    expect(page.locator(".line").filter(has_text=name)).to_have_count(0)


def test_a_purchase_without_a_home_finds_one(desk: Desk) -> None:
    page, name = desk.page, f"browser_{desk.is_narrow}"
    desk.served.buy(name)
    desk.go("Payments")
    row = page.locator(".rows li").filter(has_text=f"cs_{name}")
    row.get_by_text("Say whose it is").click()
    row.get_by_label("Escalation").fill(str(desk.mention(2).id))
    row.get_by_role("button", name="This led to it").click()
    desk.told("The purchase has found its place.")
    expect(page.locator(".rows li").filter(has_text=f"cs_{name}")).to_have_count(0)
    lists = page.get_by_role("navigation", name="Lists")
    lists.get_by_role("link", name="All purchases").click()
    found = page.locator(".rows li").filter(has_text=f"cs_{name}")
    expect(found).to_contain_text("attributed")
    found.get_by_role("link", name="its mention").click()
    expect(page.locator(".chip.good")).to_contain_text("led to a sale: 49.00 USD")


def test_a_delivery_is_handled_again(desk: Desk) -> None:
    page = desk.page
    desk.go("Payments")
    page.get_by_role("navigation", name="Lists").get_by_role("link", name="Inbox").click()
    page.get_by_role("button", name="Handle again").first.click()
    desk.told("It will be handled again in a moment.")
    for name in ("Ambiguous", "Waiting", "Given up", "Lost decisions"):
        page.get_by_role("navigation", name="Lists").get_by_role("link", name=name).click()
        expect(page.locator(".tabs a[aria-current]")).to_contain_text(name)


def test_the_weeks_are_turned_over(desk: Desk) -> None:
    page = desk.page
    desk.go("Review")
    page.get_by_role("link", name="2026-W45").click()
    expect(page.get_by_role("heading", name="What is sure")).to_be_visible()
    page.get_by_role("link", name="The week after").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Week 2026-W46")
    page.get_by_role("link", name="The week before").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Week 2026-W45")


def test_who_may_only_look_finds_no_way_to_change(context: BrowserContext, served: Served) -> None:
    desk = Desk(context.new_page(), served)
    desk.sign_in(served.token(Scope.READ))
    desk.open(f"/escalations/{desk.mention(3).id}")
    expect(desk.page.get_by_role("button")).to_have_text(["Sign out"])
    desk.go("Playbook")
    expect(desk.page.get_by_role("button", name="Pause")).to_have_count(0)
    desk.page.get_by_label("A question").fill(NEED)
    desk.page.get_by_role("button", name="Decide").click()
    expect(desk.page.locator(".result")).to_be_visible()
    desk.check()


def test_what_bites_is_text(desk: Desk) -> None:
    page, mention = desk.page, desk.mention(4)
    bite = "<script>document.title='bitten'</script><img src=x onerror=alert(1)>"
    desk.served.rewrite(mention.id, question=bite, user_id="ada\x1b\u202e", template="x\"'><b>")
    for path in ("/escalations", f"/escalations/{mention.id}"):
        desk.open(path)
        expect(page.get_by_text(bite).first).to_be_visible()
        expect(page.get_by_text("ada\u241b\u27e8U+202E\u27e9").first).to_be_visible()
        assert "bitten" not in page.title()
        assert page.locator("main img").count() == 0
