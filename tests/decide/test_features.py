import pytest

from tay_middleware.decide.features import features, spoken
from tay_middleware.decide.normalise import normalise
from tay_middleware.domain import Message
from tests.builders import no_need


def said(text: str) -> str:
    return spoken(normalise(text).literal)


@pytest.mark.parametrize(
    ("typed", "heard"),
    [
        ("Hey Tay, how do I pluck a hairline?", "how do i pluck a hairline?"),
        ("good morning all! HOW do I", "how do i"),
        ("tay: how do I", "how do i"),
        ("Good morning love, what do I", "what do i"),
        ("hello darling. what do I", "what do i"),
        ("hey loved ones ask me", "loved ones ask me"),
        ("hi", "hi"),
        ("history of wigs", "history of wigs"),
    ],
)
def test_a_greeting_says_nothing_unless_it_is_all_there_is(typed: str, heard: str) -> None:
    assert said(typed) == heard


def test_case_quotes_and_numbers_change_no_feature() -> None:
    plain = features(said("i don't know what to charge for 12 wigs"), no_need())
    loud = features(said("I DON\u2019T know what to charge for 35 wigs"), no_need())
    assert plain == loud


def test_every_feature_stands_once_and_words_stand_apart() -> None:
    found = features("wigs and wigs and wigs", no_need())
    assert len(set(found.terms)) == len(found.terms)
    assert found.words == ["wigs", "and"]
    assert {"wigs", "wigs and", "< wigs", "wigs >"} <= set(found.terms)


def test_what_the_phrases_found_is_a_feature_too() -> None:
    found = features("anything", no_need(gates=("distress",)), (Message("user", "before"),))
    assert {"@gate distress", "@history", "@offer None"} <= set(found.terms)


def test_a_text_of_100_kb_gives_a_bounded_list() -> None:
    found = features(said("wig " * 25_000), no_need())
    assert len(found.terms) < 2_500
