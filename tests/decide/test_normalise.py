# ruff: noqa: RUF001 - characters that look like others are what is tested here
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tay_middleware.decide.normalise import BLANK, HEAD_CHARS, TAIL_CHARS, normalise

ANYTHING = st.text(st.characters(codec=None), max_size=300)
"""Any code points at all, lone surrogates and NULs included."""


def found(question: str, words: str) -> str | None:
    """The stretch of the question that `words` of the searched text came from."""
    window = normalise(question)
    start = window.text.find(words)
    if start < 0:
        return None
    return question[slice(*window.span(start, start + len(words)))]


def test_plain_text_keeps_its_places() -> None:
    window = normalise("Fix My Pricing, please!")
    assert window.text == "fix my pricing  please "
    assert window.literal == "fix my pricing, please!"
    assert window.span(4, 14) == (4, 14)


@pytest.mark.parametrize(
    ("question", "words", "typed"),
    [
        ("So my\u200b business 😭", "my business", "my\u200b business"),
        ("ＭＹ  ＰＲＩＣＩＮＧ is off", "my pricing", "ＭＹ  ＰＲＩＣＩＮＧ"),
        ("what’s wrong", "what's", "what’s"),
        ("my cafe\u0301 prices", "café prices", "cafe\u0301 prices"),
        ("my\u00adpric\u00ading strategy", "mypricing", "my\u00adpric\u00ading"),
        ("👩🏾\u200d🦱 my pricing", "my pricing", "my pricing"),
        ("ﬁx my pricing", "fix my pricing", "ﬁx my pricing"),
        ("İ need my pricing", "my pricing", "my pricing"),
        ("שלום my pricing עליכם", "my pricing", "my pricing"),
        ("\u202emy pricing\u202c", "my pricing", "my pricing"),
        ("\x00my\x00 my pricing", "my pricing", "my pricing"),
        ("\ud800 my pricing \udfff", "my pricing", "my pricing"),
        ("STRASSE straße my pricing", "my pricing", "my pricing"),
        ("my\t \u00a0 pricing", "my pricing", "my\t \u00a0 pricing"),
        ("sew-in (my pricing)", "sew in", "sew-in"),
        ("sew‑in", "sew in", "sew‑in"),
        ("I don`t know and I can`t say", "i don't know and i can't say", None),
        ("I don′t know", "don't", "don′t"),
    ],
)
def test_places_lead_back_to_what_was_typed(question: str, words: str, typed: str | None) -> None:
    assert found(question, words) == (typed or question)


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("£1,300 for 2.5k at 1:1", "$1_300 for 2_5k at 1_1"),
        ("€5, ₦20", "$5  $20"),
        ("one,two/three", "one two three"),
    ],
)
def test_numbers_stay_whole_and_currencies_become_one(question: str, text: str) -> None:
    assert normalise(question).text == text


@pytest.mark.parametrize(
    "question",
    [
        "look at ```my pricing = 3``` here",
        "look at `my pricing` here",
        "> my pricing is bad\nis she right?",
        'she said "audit my pricing before you do anything" lol',
        "she said “audit my pricing before you do anything” lol",
        "```my pricing",
    ],
)
def test_what_is_shown_rather_than_said_is_blanked_out(question: str) -> None:
    window = normalise(question)
    assert "my pricing" not in window.text
    assert BLANK in window.text


@pytest.mark.parametrize(
    "question",
    [
        'I keep thinking "fix my pricing or close the shop" and',
        "look at `my pricing` here",
        "> my pricing is bad",
        'my husband left, I said "my pricing is my own fault"',
    ],
)
def test_what_the_user_may_have_said_herself_is_kept_apart(question: str) -> None:
    window = normalise(question)
    assert "my pricing" not in window.text
    assert "my pricing" in window.aloud().text
    assert len(window.aloud().text) == len(window.text)


@pytest.mark.parametrize(
    "question",
    [
        'a client texted me "audit my pricing before you do anything" lol',
        'what do I say to somebody who writes: "my pricing is too high for you"',
        '"my pricing is too high for you" is what she said',
        "my client wrote:\n> my pricing is bad\n> and my pricing is too high\nis she right?",
    ],
)
def test_what_somebody_else_said_is_not_kept(question: str) -> None:
    assert "my pricing" not in normalise(question).aloud().text


@pytest.mark.parametrize(
    "question",
    [
        'my "pricing" is off',
        'a 20" unit and my pricing and a 24" unit too',
        'a " alone, my pricing',
    ],
)
def test_emphasis_and_inches_are_no_quotations(question: str) -> None:
    assert BLANK not in normalise(question).text


def test_of_a_long_question_head_and_tail_are_read() -> None:
    question = "my pricing " + "x" * 50_000 + " my salon"
    window = normalise(question)
    assert len(window.text) == HEAD_CHARS + TAIL_CHARS
    assert found(question, "my pricing") == "my pricing"
    assert found(question, "my salon") == "my salon"
    start = window.text.find("my salon")
    assert window.span(start, start + 8) == (len(question) - 8, len(question))


@given(ANYTHING)
def test_any_string_is_folded_with_places_inside_it(question: str) -> None:
    window = normalise(question)
    assert len(window.text) == len(window.literal)
    for at in range(len(window.text)):
        start, end = window.span(at, at + 1)
        assert 0 <= start < end <= len(question)


@given(ANYTHING)
def test_places_never_run_backwards(question: str) -> None:
    window = normalise(question)
    starts = [window.span(at, at + 1)[0] for at in range(len(window.text))]
    assert starts == sorted(starts)


@pytest.mark.parametrize(
    "unit",
    [
        "my pricing ",
        "a\u0301",
        "👩🏾\u200d🦱 ",
        '"',
        "`",
        "> x\n",
        "1,2",
        "\ufdfa",
        "  ",
        "' ",
        "\ud800",
    ],
)
def test_time_grows_with_length_and_no_faster(unit: str) -> None:
    once, twice = (unit * 4_000)[:1_800], (unit * 4_000)[:3_600]
    assert _seconds(twice) < 6 * _seconds(once) + 0.002


def _seconds(question: str) -> float:
    best = 1.0
    for _ in range(5):
        start = time.process_time()
        normalise(question)
        best = min(best, time.process_time() - start)
    return best
