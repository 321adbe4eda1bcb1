import pytest

from tay_middleware.storage.connection.text import storable
from tay_middleware.storage.sql import to_json


@pytest.mark.parametrize("text", ["", "plain", "\u200b\u0645\u0631", "👩🏾 \u200d🦱", "a\x00b"])
def test_whole_characters_come_back_as_they_are(text: str) -> None:
    assert storable(text) == text


def test_half_a_character_becomes_a_question_mark() -> None:
    assert storable("cut \ud83d here") == "cut ? here"


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        (["grüße", 0.25, None, True], '["grüße",0.25,null,true]'),
        ({"cut \ud83d": "here \ud83d"}, '{"cut ?":"here ?"}'),
        ({1: 2**70}, '{"1":1180591620717411303424}'),
    ],
)
def test_json_is_compact_and_holds_whole_characters(value: object, stored: str) -> None:
    assert to_json(value) == stored
