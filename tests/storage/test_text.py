import pytest

from tay_middleware.storage.text import storable


@pytest.mark.parametrize("text", ["", "plain", "\u200b\u0645\u0631", "👩🏾 \u200d🦱", "a\x00b"])
def test_whole_characters_come_back_as_they_are(text: str) -> None:
    assert storable(text) == text


def test_half_a_character_becomes_a_question_mark() -> None:
    assert storable("cut \ud83d here") == "cut ? here"
