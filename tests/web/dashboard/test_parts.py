"""The small parts of pages: values made beside requests, text made visible, words, charts."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tay_middleware.analytics import charts
from tay_middleware.analytics.metrics import rate
from tay_middleware.errors import ConfigurationError
from tay_middleware.web.dashboard import words
from tay_middleware.web.dashboard.kept import Kept
from tay_middleware.web.dashboard.visible import pieces, visible
from tests.builders import NOON

LONG = timedelta(minutes=5)


class Source:
    """Makes numbers, each when it is let."""

    def __init__(self) -> None:
        self.made = 0
        self.let = asyncio.Event()
        self.let.set()
        self.now = NOON

    async def make(self) -> int:
        await self.let.wait()
        self.made += 1
        if self.made == 3:
            raise ConfigurationError("no more")
        return self.made

    def kept(self, patience_seconds: float = 5) -> Kept[int]:
        return Kept(self.make, LONG, lambda: self.now, patience_seconds)


def test_whoever_asks_for_an_old_value_gets_it_while_a_newer_one_is_made() -> None:
    async def scene() -> None:
        source = Source()
        kept = source.kept()
        first = await kept.get()
        assert (first.value, first.at, first.problem) == (1, NOON, None)
        assert (await kept.get()).value == 1
        source.now += LONG + timedelta(seconds=1)
        source.let.clear()
        assert [(await kept.get()).value for _ in range(5)] == [1] * 5
        source.let.set()
        assert kept._task is not None
        await kept._task
        assert (await kept.get()).at == source.now
        assert source.made == 2  # five askers, one making
        await kept.aclose()

    asyncio.run(scene())


def test_a_value_that_takes_too_long_is_on_its_way_and_one_that_fails_says_why() -> None:
    async def scene() -> None:
        source = Source()
        source.let.clear()
        kept = source.kept(patience_seconds=0)
        waiting = await kept.get()
        assert (waiting.value, waiting.at, waiting.problem) == (None, None, None)
        await kept.aclose()
        source.let.set()
        source.made = 2
        failed = await source.kept().get()
        assert (failed.value, failed.problem) == (None, "no more")

    asyncio.run(scene())


def test_an_error_that_nobody_foresaw_is_told_once_a_lifetime(
    caplog: pytest.LogCaptureFixture,
) -> None:
    tries = []

    async def broken() -> int:
        tries.append(1)
        raise ZeroDivisionError("of a bug")

    async def scene() -> None:
        kept = Kept(broken, LONG, lambda: NOON, 5)
        told = [await kept.get() for _ in range(3)]
        assert {(one.value, one.at) for one in told} == {(None, NOON)}
        assert all("the log says what" in (one.problem or "") for one in told)
        await kept.aclose()

    asyncio.run(scene())
    assert len(tries) == 1
    assert [one.exc_info is not None for one in caplog.records] == [True]


def test_what_was_forgotten_is_made_anew() -> None:
    async def scene() -> None:
        kept = Source().kept()
        await kept.get()
        kept.forget()
        assert (await kept.get()).value == 2
        await kept.aclose()

    asyncio.run(scene())


def test_what_was_under_way_when_it_was_forgotten_is_never_shown() -> None:
    """It was made of what was before: a playbook that is no longer in force."""

    async def scene() -> None:
        of, let = ["former"], asyncio.Event()

        async def make() -> str:
            found = of[0]
            await let.wait()
            return found

        kept = Kept(make, LONG, lambda: NOON, 0.01)
        await kept.get()
        of[0] = "new"
        kept.forget()
        assert (await kept.get()).value is None
        let.set()
        await kept.settled()
        assert (await kept.get()).value == "new"
        await kept.aclose()

    asyncio.run(scene())


@given(st.text(max_size=60))
def test_visible_text_hides_nothing(text: str) -> None:
    shown = visible(text)
    assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u202a-\u202e]", shown)


def test_text_that_can_be_seen_stays_as_it_is() -> None:
    for text in ("plain words", "\u00e9t\u00e9, \u0625, \U0001f338\ufe0f", "two\nlines\tapart"):
        assert visible(text) == text


_SPANS = st.lists(
    st.tuples(st.sampled_from(["personal", "strategic"]), st.integers(-3, 40), st.integers(-3, 40)),
    max_size=6,
)


@given(st.text(alphabet="ab \u0130\u00df'", max_size=30), _SPANS)
def test_pieces_are_the_question_whole_and_in_order(
    question: str, spans: list[tuple[str, int, int]]
) -> None:
    found: list[list[Any]] = [
        [group, question[max(0, start) : max(0, end)], start, end, 1.0]
        for group, start, end in spans
    ]
    cut = pieces(question, found)
    assert "".join(piece.text for piece in cut) == question
    assert all(piece.text for piece in cut)


def test_what_a_redaction_moved_is_found_again_and_what_it_took_is_left_out() -> None:
    question = "[email] please review my pricing"
    moved = [["personal", "my pricing", 30, 40, 1.0], ["contact", "ada@x.example", 0, 13, 1.0]]
    marked = [(piece.text, piece.groups) for piece in pieces(question, moved) if piece.groups]
    assert marked == [("my pricing", ("personal",))]


def test_words_are_as_people_write_them() -> None:
    assert words.amount(1234550, "usd") == "12,345.50\u202fUSD"
    assert words.amount(-50, "jpy") == "\u221250\u202fJPY"
    assert words.whole(1234556, "usd") == "12,346\u202fUSD"
    assert words.whole(-1_347_499, "kwd") == "\u22121,347\u202fKWD"
    assert words.number(-41.2) == "\u221241"
    assert words.points(-0.112) == "\u221211.2"
    assert words.relative(-0.57) == "\u221257\u202f%"
    assert words.relative(3.28) == "+328\u202f%"
    assert words.between(rate(5, 100)) == "2.2\u201311.2\u202f%"
    assert words.between(rate(0, 0)) == "nothing counted yet"
    assert words.lasted(3 * 86400 + 7200) == "3 d 2 h"
    assert words.lasted(5520) == "1 h 32 min"
    assert words.name("purchase_intent") == "wants to buy"
    assert str(words.when(datetime(2026, 11, 3, 8, 5, tzinfo=UTC))) == (
        '<time datetime="2026-11-03T08:05:00+00:00">3 Nov 2026, 08:05&nbsp;UTC</time>'
    )
    for nothing in (words.amount(None, None), words.percent(None), words.lasted(None)):
        assert nothing == "\u2013"


@pytest.mark.parametrize("width", [charts.WIDE, charts.NARROW])
def test_a_chart_is_bare_svg_in_colours_that_the_style_sheet_knows(width: int) -> None:
    hostile = "a</text><script>alert(1)</script>"
    specs = (
        charts.line([("2026-11-01", 0.1), ("2026-11-02", None)], band=(0.1, 0.15), width=width),
        charts.intervals([(hostile, 0.1, 0.05, 0.2), ("b", 0, 0, 0.01)], zero=True, width=width),
        charts.over_time([("2026-11-01", 0.1, -0.1, 0.2)] * 2, width=width),
        charts.line([], width=width),
    )
    sheet = Path(charts.__file__).parents[1] / "web" / "dashboard" / "static" / "tay.css"
    known = sheet.read_text()
    for spec in specs:
        svg = charts.draw(spec)
        assert svg is not None
        assert svg.startswith('<svg aria-hidden="true" focusable="false"')
        assert not re.search(r"<script|<style|\sstyle=|font-family|href", svg)
        for colour in set(re.findall(r"#[0-9a-f]{6}", svg)):
            assert f'"{colour}"' in known, colour
