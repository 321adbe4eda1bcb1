import pytest
from hypothesis import given
from hypothesis import strategies as st

from tay_middleware.playbook.wording import (
    MAX_VALUE_CHARS,
    PLACEHOLDERS,
    check_placeholders,
    fill,
    placeholders,
)

EMPTY = dict.fromkeys(PLACEHOLDERS, "")
VALUES = {"pet_name": "babes", "topic": "pricing", "offer": "the course", "link": "", "price": ""}

WORDINGS = st.lists(
    st.sampled_from(["$pet_name", "$topic", "$offer", "word", ",", ".", ":", "and", "$$5", "Yes,"]),
    min_size=1,
    max_size=8,
).map(" ".join)


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("$pet_name, I can help with $topic.", "Babes, I can help with pricing."),
        ("I can help, $pet_name, with $topic.", "I can help, babes, with pricing."),
        ("For $offer, $pet_name.", "For the course, babes."),
        ("It is $$5.", "It is $5."),
        ("See it once. $offer goes through it.", "See it once. The course goes through it."),
        ("Curious? ${offer} it is, ${topic} too.", "Curious? The course it is, pricing too."),
        ("See it once.   $offer goes on.", "See it once. The course goes on."),
        ("It is $$5. $$offer is no name.", "It is $5. $offer is no name."),
    ],
)
def test_placeholders_are_filled(text: str, filled: str) -> None:
    assert fill(text, VALUES) == filled


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("$pet_name, I can help.", "I can help."),
        ("I can help, $pet_name, whenever.", "I can help, whenever."),
        ("I can help, $pet_name.", "I can help."),
        ("Since you ask, $pet_name: here.", "Since you ask: here."),
        ("That is it. $pet_name, you can ask.", "That is it. You can ask."),
        ("That is it — $pet_name, you can ask.", "That is it — you can ask."),
        ("That is it: $pet_name, you can ask.", "That is it: you can ask."),
        ("That is it, and $pet_name, you can ask.", "That is it, and you can ask."),
        ("I can help — $pet_name — whenever.", "I can help — whenever."),
        ("I can help, $pet_name — whenever.", "I can help — whenever."),
        ("I can help, $pet_name… whenever.", "I can help… whenever."),
        ("$pet_name — i can help.", "I can help."),
        ("$pet_name… i can help.", "I can help."),
        ("Take it. $pet_name.", "Take it."),
        ("I can help ($pet_name) with it.", "I can help with it."),
        ("Prices, rent, etc., and so on.", "Prices, rent, etc., and so on."),
    ],
)
def test_an_empty_value_leaves_no_trace(text: str, filled: str) -> None:
    assert fill(text, EMPTY) == filled


@given(WORDINGS)
def test_filling_leaves_no_doubled_comma_gap_or_orphan(text: str) -> None:
    filled = fill(text, EMPTY)
    assert ", ," not in filled
    assert "  " not in filled
    assert filled == filled.strip()
    assert not filled or filled[0] not in ",;:.!"


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("I can help 💛.", "I can help."),
        ("I can help 💛, whenever ⏳.", "I can help, whenever."),
        ("💛 $pet_name, i can help.", "I can help."),
        ("I can help 💛 whenever 💛💛", "I can help whenever"),
    ],
)
def test_an_emoji_that_goes_leaves_no_trace(text: str, filled: str) -> None:
    assert fill(text, EMPTY, emoji=False) == filled


@pytest.mark.parametrize(
    "link", ["https://tay.example/m?ids=1,,2&to=a,.b", f"https://tay.example/{'x' * 400}"]
)
def test_a_link_is_written_character_for_character(link: str) -> None:
    filled = fill("Here is $topic, : it is at $link", {**EMPTY, "link": link})
    assert filled == f"Here is: it is at {link}"
    assert fill("$link is the page.", {**EMPTY, "link": link}) == f"{link} is the page."


def test_a_value_cannot_break_the_line_or_run_on() -> None:
    filled = fill("See $topic.", {**VALUES, "topic": "a\nb\r\nc " + "x" * 1000})
    assert "\n" not in filled
    assert len(filled) <= MAX_VALUE_CHARS + len("See .")


def test_a_link_that_begins_a_sentence_is_written_as_it_is() -> None:
    values = {**VALUES, "link": "https://tay.example/course"}
    assert (
        fill("Here. $link is the page.", values) == "Here. https://tay.example/course is the page."
    )


def test_a_value_with_a_dollar_may_begin_a_sentence() -> None:
    assert fill("Ask. $offer it is.", {**VALUES, "offer": "$offer x"}) == "Ask. $offer x it is."


def test_a_value_that_looks_like_a_placeholder_stays_text() -> None:
    assert fill("See $topic.", {**VALUES, "topic": "$offer ${link}"}) == "See $offer ${link}."


@pytest.mark.parametrize("text", ["$user", "${question}", "$", "100$ a", "a\nb"])
def test_what_is_not_on_the_list_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"placeholder|lone|line break"):
        check_placeholders(text)


def test_format_and_attribute_tricks_are_plain_text() -> None:
    text = "{0.__class__} %s {{ x }} <% y %>"
    assert check_placeholders(text) == text
    assert fill(text, EMPTY) == text


def test_placeholders_are_listed() -> None:
    assert placeholders("$offer and ${topic}, $$5") == {"offer", "topic"}
