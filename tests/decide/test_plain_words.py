"""Plain words of a stop, of a pupil, of despair and of a grievance, and their harmless twins."""

import pytest

from tay_middleware.decide import Detector
from tay_middleware.playbook import Playbook

HEARD = [
    ("opt_out", "Please leave out the recommendations from here on, I find them tiresome."),
    ("opt_out", "take me off the promo stuff"),
    ("opt_out", "no more suggestions of things to buy, ok? my rule"),
    ("opt_out", "leave out your sales talk"),
    ("opt_out", "cut your pitches from now on"),
    ("minor", "can a 12 year old like me learn wig making properly"),
    ("minor", "ninth grader here, I want a system"),
    ("minor", "I'm a tenth grader and want to braid"),
    ("minor", "im in 9th grade"),
    ("minor", "I am in ninth class, in Poland"),
    ("minor", "I'm in 8th grade how do i learn lashes"),
    ("distress", "not that I see any point being here"),
    ("distress", "I just need something so I don't end it"),
    ("distress", "I give up on everything"),
    ("distress", "so i won't end it all"),
    ("complaint", "Where do I complain about Tay? she told me all wrong"),
    ("complaint", "I want to complain about your course"),
    ("complaint", "my complaint about your advice is this"),
]

HARMLESS = [
    "Drop your recommendations for good edge control please",
    "Can you drop your recommendations for good clippers?",
    "just leave out the offers for good customers or keep them",
    "Leave out the offers thanks to which I lose money?",
    "Leave out the promos? Or keep them on my menu?",
    "I'm in tenth class of my lash course",
    "I'm in 7th class of my MUA course",
    "I'm in 9th standard room",
    "I am in eighth form of the booking wizard",
    "I'm a tenth grader's mum",
    "Being a tenth grader mum",
    "I teach an eighth grader here how to braid",
    "I keep giving up on everything, how do I stay consistent posting",
    "Clients keep giving up on everything. How",
    "I don't see any point in carrying on, Facebook ads eat my profit",
    "my contract with my booth renter so I don't end it",
    "how do I hold the row so I don't end it",
    "Is there any complaint about your masterclass before I buy it?",
    "Has anyone been complaining about your mentorship?",
    "Do people complain about your course or is it good?",
    "skip the promos from now on and raise prices?",
    "take me off the sales floor",
]


@pytest.mark.parametrize(("gate", "said"), HEARD)
def test_plain_words_close_their_gate(playbook: Playbook, gate: str, said: str) -> None:
    assert gate in Detector(playbook).detect(said).gates


@pytest.mark.parametrize("said", HARMLESS)
def test_harmless_words_close_none_of_them(playbook: Playbook, said: str) -> None:
    assert {gate for gate, _ in HEARD}.isdisjoint(Detector(playbook).detect(said).gates)
