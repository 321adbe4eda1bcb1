"""What the shipped sentences claim: true on a first message, and for every topic."""

import re
from dataclasses import replace
from typing import Any

import pytest

from tay_middleware.decide import Circumstances, ReplyFacts, decide, word
from tay_middleware.domain import Decision, History, Kind, Strength, Tier
from tay_middleware.playbook import Playbook
from tests.builders import a_detection, a_turn

OF_HISTORY = re.compile(
    r"\b(?:come|comes|coming|came) back\b|\bkeep (?:asking|coming)\b|\bagain\b|\banother slice\b"
    r"|\bwhat you're describing\b|\byou know I\b",
    re.IGNORECASE,
)


def test_no_sentence_that_a_first_message_may_get_speaks_of_earlier_ones(
    playbook: Playbook,
) -> None:
    """A first visit is gentle, and a wish to buy is answered directly on the first message."""
    first = (Strength.GENTLE, Strength.DIRECT)
    texts = {one.id: one.text for one in playbook.templates if one.strength in first}
    assert {name for name, text in texts.items() if OF_HISTORY.search(text)} == set()


def test_a_topic_may_be_plural_and_anybodys(playbook: Playbook) -> None:
    """ "Your clients" has no "yours" beside it, and no verb of its own."""
    texts = {one.id: one.text for one in playbook.templates if "$topic" in one.text}
    assert texts
    for text in texts.values():
        assert not re.search(r"\byours\b|(?<!with )\$topic (?:is|needs|works?|makes|has)\b", text)
        assert not re.search(
            r"\b(?:parts|picture|breakdown|stage|all|model for) (?:of )?\$topic", text
        )


def test_the_course_is_not_said_to_teach_whatever_was_asked_about(playbook: Playbook) -> None:
    """A question about charging for ventilating has the topic "pricing", and no lesson on it."""
    assert not [
        one.id for one in playbook.templates if one.offer == "course" and "$topic" in one.text
    ]


@pytest.mark.parametrize("tier", list(Tier))
@pytest.mark.parametrize("topic", ["pricing", "support"])
@pytest.mark.parametrize("offer", ["mentorship", "course", "masterclass"])
def test_a_wish_to_buy_is_about_the_offer(
    playbook: Playbook, offer: str, topic: str, tier: Tier
) -> None:
    """ "How much is the mentorship?" is no question about pricing."""
    other = replace(
        playbook,
        topics={
            **playbook.topics,
            topic: playbook.topics[topic].model_copy(update={"noun": "a topic of the question"}),
        },
    )
    detection = a_detection(purchase=True, offer=offer, topic=topic)
    for number in range(30):
        turn = a_turn(user=f"user-{number}", tier=tier)
        decision = decide(turn, detection, History(), other, Circumstances())
        assert decision.strength is Strength.DIRECT
        assert "a topic of the question" not in (word(decision, turn, other, ReplyFacts()) or "")


def test_any_other_mention_picks_up_the_topic(playbook: Playbook) -> None:
    detection, topic = a_detection(topic="pricing"), playbook.topics["pricing"].noun
    told = set()
    for number in range(30):
        turn = a_turn(user=f"user-{number}")
        decision = decide(turn, detection, History(), playbook, Circumstances())
        says = "$topic" in playbook.by_id[decision.template or ""].text
        assert (topic in (word(decision, turn, playbook, ReplyFacts()) or "")) is says
        told.add(says)
    assert told == {False, True}


def test_a_topic_that_is_not_sure_is_not_said(playbook: Playbook) -> None:
    """Rent, "junior", or what an earlier message was about: then it is the offer's own noun."""
    detection = replace(a_detection(topic="scaling"), sure_topic=False)
    found = set()
    for number in range(30):
        turn = a_turn(user=f"user-{number}")
        decision = decide(turn, detection, History(), playbook, Circumstances())
        said = word(decision, turn, playbook, ReplyFacts()) or ""
        assert "growth" not in said
        found.add("the business side" in said)
    assert True in found


class Unasked:
    """The facts of a reply that nobody may look for."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(name)


def test_a_wording_without_pet_name_and_emoji_asks_nothing_of_the_reply(
    playbook: Playbook,
) -> None:
    decision = a_mention(playbook, "mentorship.gentle.any.B")
    said = word(decision, a_turn(), playbook, Unasked())
    assert said == word(decision, a_turn(), playbook, ReplyFacts(pet_names=9, has_emoji=True))


def test_an_emoji_in_the_name_of_an_offer_is_said_where_the_reply_has_one(
    playbook: Playbook,
) -> None:
    offer = playbook.offers["mentorship"]
    sunny = {"mentorship": offer.model_copy(update={"name": f"{offer.name} \u2600"})}
    other = replace(playbook, offers={**playbook.offers, **sunny})
    decision = a_mention(other, "mentorship.gentle.any.B")
    texts = [word(decision, a_turn(), other, ReplyFacts(has_emoji=has)) for has in (True, False)]
    assert ["\u2600" in (text or "") for text in texts] == [True, False]


def test_pet_names_are_counted_where_a_wording_has_one(playbook: Playbook) -> None:
    decision = a_mention(playbook, "mentorship.gentle.any.A")
    texts = [word(decision, a_turn(), playbook, ReplyFacts(pet_names=many)) for many in (0, 9)]
    name = playbook.by_id[decision.template or ""].pet_name or ""
    assert [name.capitalize() in (text or "") for text in texts] == [True, False]


def a_mention(playbook: Playbook, template: str) -> Decision:
    return Decision(a_detection(), Kind.MENTION, None, playbook.version, template=template)
