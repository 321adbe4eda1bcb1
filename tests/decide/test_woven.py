"""Our own sentence is known again in a reply, however it was filled in."""

from dataclasses import replace

import pytest

from tay_middleware.decide.replies import ReplyFacts
from tay_middleware.decide.templates import render
from tay_middleware.decide.woven import Woven
from tay_middleware.playbook import Playbook

ANSWER = "Start with what an hour costs you, and add your materials."


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("emoji", [True, False])
@pytest.mark.parametrize("pet_names", [0, 1])
def test_every_rendering_is_known_again(
    playbook: Playbook, pet_names: int, emoji: bool, line_end: str
) -> None:
    woven = Woven(playbook.templates)
    reply = ReplyFacts(pet_names=pet_names, has_emoji=emoji)
    missed = [
        one.id
        for one in playbook.templates
        for words in [render(one, playbook, "pricing", reply)]
        if woven.offer_in(f"{ANSWER}{line_end * 2}{words}{line_end}") != one.offer
    ]
    assert playbook.templates
    assert missed == []


def test_it_is_looked_for_in_the_last_paragraph_alone(playbook: Playbook) -> None:
    woven, template = Woven(playbook.templates), playbook.templates[0]
    words = render(template, playbook, None, ReplyFacts())
    assert woven.offer_in(f"{ANSWER}\n\n{words}") == template.offer
    assert woven.offer_in(f"{words}\n\n{ANSWER}") is None


def test_a_wording_of_few_letters_tells_nothing(playbook: Playbook) -> None:
    few = replace(playbook.templates[0], text="$offer, babes")
    assert Woven([few]).offer_in(f"{ANSWER}\n\nAsk me, babes") is None
