"""Replies that end with a text for somebody else: a mention below it would be sent to her."""

import time

import pytest

from tay_middleware.decide.replies import Obstacle, ReplyReader
from tay_middleware.domain import Suppression
from tay_middleware.engine import Escalator, Reply
from tay_middleware.engine.drafts import ends_in_a_draft
from tay_middleware.engine.facts import FoundFacts
from tay_middleware.playbook import Playbook
from tests.engine.drafts_seen import HANDED_OVER, SPOKEN_TO_HER
from tests.engine.scenes import NEED

PRICES = "Hi lovely, from the 1st of May my prices change. Your next visit stays as it is!"


@pytest.mark.parametrize(
    "reply",
    [
        f"Tell them two weeks ahead. Here's a message you can send them:\n\n{PRICES}",
        f"Text her this:\n{PRICES}",
        f"**Send them this:**\r\n\r\n{PRICES}",
        "Here's what I\u2019d post on your story:\n\nDoors open at nine, and coffee is on me.",
        "I'd go for something like:\n\nA deposit of 30 holds your place with me.",
        "Three reels a week.\n\nCaption: Your hair, your rules. Come and see me on Friday.",
        f"Here's the email:\n\n{PRICES}\n\nSee you in the chair, and bring your questions.",
        "Post this on your page:\n\nNo shows pay half from now on. Thank you for your time.",
        *HANDED_OVER,
    ],
)
def test_it_ends_with_a_text_to_send_on(reply: str) -> None:
    assert ends_in_a_draft(reply)


@pytest.mark.parametrize(
    "reply",
    [
        f'Text her this:\n\n"{PRICES}"',
        f"Text her this:\n\n> {PRICES}",
        f"Text her this:\n\n```\n{PRICES}\n```",
        f"Text her this:\n\n---\n\n{PRICES}\n\n---",
        "Things to text her:\n\n- the day\n- the price",
        "Three things matter:\n\nWhat it costs, what it earns, and who pays for it.",
        "Text her this:\n\nNo shows pay half from now on.\n\nSay it once and leave it there.",
        "Message them on day ten. Ask how it feels, not when they'll book.",
        "The message is the easy part: say it plainly and say it once.",
        "",
        *SPOKEN_TO_HER,
    ],
)
def test_it_ends_with_words_to_her(reply: str) -> None:
    assert not ends_in_a_draft(reply)


def test_nothing_is_added_below_it(engine: Escalator) -> None:
    reply = f"Here's a message you can send them:\n\n{PRICES}"
    outcome = engine.begin(engine.turn(question=NEED, user_id="ada")).settle(Reply(reply))
    assert outcome.addition is None
    assert outcome.decision is not None
    assert outcome.decision.suppressed is Suppression.UNWEAVABLE


def test_the_reply_says_so(playbook: Playbook) -> None:
    reply = Reply(f"Text her this:\n\n{PRICES}")
    assert FoundFacts(reply, playbook, ReplyReader(playbook.gates)).obstacle is Obstacle.DRAFT


@pytest.mark.parametrize(
    "piece",
    [
        "message:\n\n",
        "text her ",
        "a:\n\n",
        "\n",
        "caption ",
        "a:\n",
        "a\n\n",
        "**",
        ":",
        "\U0001f447",
        "hi a:\n\n",
        "subject:\n",
        "thank you for ",
        "here's a ",
    ],
)
def test_a_long_reply_is_read_in_linear_time(piece: str) -> None:
    text = f"a {piece * (100_000 // len(piece))}b"  # what stands at the margin is stripped
    begun = time.process_time()
    ends_in_a_draft(text)
    assert time.process_time() - begun < 2.0


def test_a_reply_is_signed_with_the_name_of_the_persona(playbook: Playbook) -> None:
    reply = Reply("Start with your costs, then your hours. Proud of you, always. Tay")
    assert FoundFacts(reply, playbook, ReplyReader(playbook.gates)).obstacle is Obstacle.NO_PLACE


@pytest.mark.parametrize(
    ("persona", "names"),
    [
        ("You are Tay, a hair business owner. You sound like Mum.", {"tay"}),
        ("You are the AI voice of Élodie Łucka, who mentors stylists.", {"élodie", "łucka"}),
        ("You sound warm. Ada would like it.", set()),
        ("", set()),
    ],
)
def test_the_persona_says_its_name(playbook: Playbook, persona: str, names: set[str]) -> None:
    assert playbook.voice.model_copy(update={"persona": persona}).signs_as == names
