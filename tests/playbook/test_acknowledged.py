"""What the check says of the answer to "stop recommending your stuff"."""

import pytest

from tests.playbook.test_load import Spoil, replaced

HEARD = "Heard you: I'll keep my programs out of our chats."


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("Suit yourself. Just don't complain when you're still stuck.", "shaming_no"),
        ("Ouch, that hurts my feelings.", "shaming_no"),
        ("Okay, one last time then: have a look at my page.", "goes on selling"),
        ("Fine, but are you sure?", "goes on selling"),
    ],
)
def test_neither_sulks_nor_goes_on_selling(spoil: Spoil, said: str, told: str) -> None:
    found = spoil("voice.yaml", replaced(HEARD, said))
    assert any(told in problem.message for problem in found)
