"""Replies that say no, not yet, or to spend nothing: neither an offer nor its link stands below."""

import pytest

from tay_middleware.decide.replies import ReplyReader
from tay_middleware.engine import Escalator, Reply
from tay_middleware.engine.facts import FoundFacts
from tay_middleware.playbook import Playbook

ASKED = "How much is the mentorship and how do I join?"


@pytest.fixture(scope="module")
def reader(playbook: Playbook) -> ReplyReader:
    return ReplyReader(playbook.gates)


NO = [
    "Honestly, not yet. Get ten clients first. You'd be paying for things you can't use.",
    "You're under pressure with the rent, so wait until that's paid. It'll be there.",
    "There's no mentorship right now, babes. Ask away here.",
    "The mentorship is closed at the moment, so don't plan around it.",
    "I don't sell courses. I can walk you through it here.",
    "I don't have a mentorship programme, love, I'm here in the chat.",
    "We no longer run the masterclass.",
    "There isn't a course at the moment.",
    "The course isn't open, love.",
    "I'd say not yet. Fill your book first.",
    "Hold off until your card is cleared.",
]

NOTHING = [
    "And please put your card away. Nothing you can buy fixes this.",
    "Money's tight, so no courses, no coaches, no new stock this month.",
    "Hold off on spending until you've cleared that card.",
    "You can't afford extras right now and that's okay.",
    "Honestly, you don't need anybody for this. A pen and one evening.",
    "No magic, no secret, no course needed.",
    "Anybody who charges you for this advice is robbing you.",
    "Ignore the gurus selling you programs. You know your trade.",
    "Keep your purse in your bag this month.",
    "Whoever sells you courses on this is having you on.",
    "Don't sign up for anything before the tax is paid.",
]


@pytest.mark.parametrize("reply", NO + NOTHING)
def test_a_reply_that_says_no_is_heard(reader: ReplyReader, reply: str) -> None:
    assert reader.read(reply).advises_against


@pytest.mark.parametrize(
    "reply",
    [
        "You sound exhausted. Close the laptop and go to bed, that's an order.",
        "And go and have your cry first. Then we do sums.",
        "You've had a hard year with the divorce, so go slow.",
        "Don't do any of this before the funeral, it can wait.",
        "It's okay to cry about it.",
    ],
)
def test_a_reply_that_cares_first_is_heard(reader: ReplyReader, reply: str) -> None:
    assert reader.read(reply).gates == ("alarm",)


@pytest.mark.parametrize(
    "reply",
    [
        "The mentorship is 297 a month, and you can join any time from my website.",
        "It depends on how you join, love. Have a look and see if it feels right!",
        "All the details are on the page for the course.",
        "Your regulars can't afford another rise this month, so start with new clients.",
        "Don't order hair before the deposit is in.",
        "Wait until the glue is clear, then press the lace down.",
        "Don't raise it for regulars yet, start with new clients.",
        "Anybody who charges less than that is losing on the hair.",
        "Put the wig back on the block and leave it until it's dry.",
        "Rinse, wrap your hair and sleep on it before you touch the lace.",
    ],
)
def test_plain_advice_says_no_such_thing(reader: ReplyReader, reply: str) -> None:
    heard = reader.read(reply)
    assert not heard.gates
    assert not heard.advises_against


@pytest.mark.parametrize("reply", NO[:5])
def test_no_link_answers_a_price_question_below_a_no(engine: Escalator, reply: str) -> None:
    outcome = engine.begin(engine.turn(question=ASKED, user_id="ada")).settle(Reply(reply))
    assert outcome.addition is None


def test_a_price_question_is_answered_below_a_reply_that_points_there(engine: Escalator) -> None:
    reply = Reply("It depends on how you join, love. Have a look and see if it feels right!")
    outcome = engine.begin(engine.turn(question=ASKED, user_id="ben")).settle(reply)
    assert outcome.addition is not None


@pytest.mark.parametrize(
    ("reply", "named"),
    [
        ("The real numbers, that's what the mentorship's for.", {"mentorship"}),
        ("I go through this in my masterclasses.", {"masterclass"}),
        ("That's what my one-to-one is for.", {"mentorship"}),
        ("That's what my 1:1 is for.", {"mentorship"}),
        ("That's the thing we do in my mentoring.", {"mentorship"}),
        ("You could start mentoring her on Mondays, one to one.", set()),
        ("Mix it 1:1 with the developer.", set()),
    ],
)
def test_a_reply_names_what_it_calls_hers(
    playbook: Playbook, reader: ReplyReader, reply: str, named: set[str]
) -> None:
    assert FoundFacts(Reply(reply), playbook, reader).names == named


def test_after_a_goodbye_nobody_is_called_again(playbook: Playbook, reader: ReplyReader) -> None:
    most = playbook.voice.max_pet_names
    for last in ("Goodnight babes, sleep on it! \U0001f618", "Talk tomorrow!"):
        told = FoundFacts(Reply(f"Start with rent and hours.\n\n{last}"), playbook, reader)
        assert told.pet_names == most
    plain = FoundFacts(Reply("Start with rent and hours, then the glue."), playbook, reader)
    assert plain.pet_names == 0
