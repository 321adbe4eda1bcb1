"""Replies that hold no answer: nothing is offered instead of one."""

import time

import pytest

from tay_middleware.decide.replies import Obstacle, ReplyReader
from tay_middleware.domain import Kind
from tay_middleware.engine import Escalator, Reply
from tay_middleware.engine.answers import MOST_WORDS, unanswered
from tay_middleware.engine.facts import FoundFacts
from tay_middleware.playbook import Playbook
from tests.engine.scenes import NEED, logged

REFUSALS = [
    "I'm sorry, but I can't help with that request.",
    "I\u2019m sorry, but I can\u2019t assist with that.",
    "I cannot help with that.",
    "I am unable to answer this.",
    "I'm not able to help you with that, love.",
    "Unfortunately, I can't provide medical advice.",
    "Sorry \u2014 I can't do that.",
    "**I'm really sorry**, I won't be able to help here.",
    "I'm sorry to hear that, but I can't help with that.",
    "As an AI language model, I do not have opinions.",
    "I'm just an AI, so I can't comment on it.",
    "I must decline.",
    "That's not something I can help with.",
]
QUESTIONS_BACK = [
    "Which of your services is this about?",
    "Which one, babes? \U0001f49b\n",
    "Sorry, something went wrong. Please try again.",
    "Okay, before I say anything: what do you charge right now? And how many heads a week?",
    "Tell me a bit more first, babes. What's your rent, and what do you charge?",
    "Good question! How much is your rent, and how many clients do you do a week?",
    "Love that you're asking. Quick one before I answer... what are you charging per install?",
    "Sorry, I'm having trouble connecting right now. Please try again in a moment.",
    "I'm a little overloaded at the moment, babes. Give me a minute and send that again?",
    "Hmm, I didn't quite catch that. Could you say it again in other words?",
    "Oops! That one didn't go through on my end. Try sending it again.",
    "I don't have enough information about your salon to answer that.",
    "I'd rather not get into tax here, babes.",
    "We're experiencing high demand right now. Please come back shortly.",
    "Walk me through your week first, babes.",
    "Share your current prices with me, and your rent.",
    "Share your price list and your hours, and I'll take a look.",
    "Please share a bit more about your salon.",
    "Describe your setup, babes.",
    "Describe what the lace on your unit looks like.",
    "Clarify which lace you mean.",
    "Please clarify.",
    "Explain that a bit more, please.",
    "Repeat your last question, please.",
    "Say that again, slower.",
    "Try typing it again in a few minutes.",
    "Could be! Confirm that, please.",
    "Send the message again, love.",
    "Hi babes! \U0001f44b",
]
ANSWERS = [
    "I'm sorry to hear that, babes. Start with what your hour costs you.",
    "I'm sorry you had that week. Raise the price by ten, and tell your regulars.",
    "I can't give you a number without your costs, but start with what your hour costs.",
    "I can't help but notice you priced by feeling. Start with your costs.",
    "I can't help you price blind: start with your hour and add materials.",
    "I won't lie to you: your price is too low.",
    "As an AI mentor I'd start with what your hour costs.",
    "This is something I can help with: start with your hour.",
    "Start with what your hour costs. Which service is it?",
    "Start with these:\n- your hour\n- your glue\n\nWhich one is it?",
    "You asked: can you review my pricing?",
    "Noted.",
    "Yes, but put it up in mid November so December buyers never saw the old one.",
    "I'd rather not guess, but a booth at that rent wants eight heads a week. What's yours?",
    "About twenty minutes.",
    "Try it on a cheap frontal first, ten minutes at a time.",
    "Share the new price list four weeks before it starts.",
    "Share your prices on the page.",
    "Repeat the toner for three minutes and rinse cold.",
    "Repeat twice.",
    "Confirm the date in writing and take a third up front.",
    "Say it once, with the number, and stop talking.",
    "Clarify, blow dry bone straight with tension, one slow pass at 400.",
    "Explain the price once, then stay quiet.",
    "Explain what the deposit covers before she sits down.",
    "Send it back and ask the vendor for the full batch.",
    "Send that invoice on Friday, with a date on it.",
    "Try that glue on your wrist first.",
    "Ask again on Monday, in writing.",
    "Specify the lace in the order, by millimetre.",
    "Describe the texture in the listing, and photograph it in daylight.",
    "Resend the invoice with a due date.",
    "Tell me what you charge? No: write it down yourself, hour by hour, for a week.",
    "I'm sorry, but I can't help with that request. " + "word " * MOST_WORDS,
]


@pytest.mark.parametrize("reply", REFUSALS)
def test_a_refusal_in_plain_words_is_one(reply: str) -> None:
    assert unanswered(reply) is Obstacle.REFUSAL


@pytest.mark.parametrize("reply", QUESTIONS_BACK)
def test_a_reply_that_only_asks_back_is_no_answer(reply: str) -> None:
    assert unanswered(reply) is Obstacle.NO_ANSWER


@pytest.mark.parametrize("reply", ANSWERS)
def test_a_reply_with_an_answer_in_it_is_one(reply: str) -> None:
    assert unanswered(reply) is None


@pytest.mark.parametrize("reply", ["so sorry, " * 20_000, "so sorry " * 20, "?" * 200_000])
def test_no_reply_takes_long_to_read(reply: str) -> None:
    assert unanswered(reply) in {None, Obstacle.NO_ANSWER}


@pytest.mark.parametrize("reply", [REFUSALS[0], QUESTIONS_BACK[0]])
def test_nothing_is_offered_instead_of_an_answer(engine: Escalator, reply: str) -> None:
    outcome = engine.begin(engine.turn(question=NEED, user_id="ada")).settle(Reply(reply))
    assert outcome.addition is None
    assert [row.suppressed for row in logged(engine)] == ["unweavable"]


@pytest.mark.parametrize(
    ("reply", "suppressed"),
    [
        *(("Happy to point you there.", None), ("You'd be welcome!", None), ("Sure.", None)),
        ("Which one do you mean?", None),
        (REFUSALS[0], "unweavable"),
        ("Sure, but you don't need a mentor.", "unweavable"),
    ],
)
def test_a_wish_to_buy_is_answered_by_the_link_where_the_reply_is_courtesy(
    engine: Escalator, reply: str, suppressed: str | None
) -> None:
    turn = engine.turn(question="how do I join the mentorship?", user_id="ada")
    outcome = engine.begin(turn).settle(Reply(reply))
    assert ("https://tay.example/mentorship" in (outcome.addition or "")) is (suppressed is None)
    assert [row.suppressed for row in logged(engine)] == [suppressed]


def test_advice_against_it_is_no_courtesy(playbook: Playbook) -> None:
    reply = Reply("Which course? You don't need a course.")
    assert (
        FoundFacts(reply, playbook, ReplyReader(playbook.gates)).obstacle
        is Obstacle.ADVISES_AGAINST
    )


def test_a_stop_is_confirmed_under_a_question_back(engine: Escalator) -> None:
    turn = engine.turn(question="Stop recommending your stuff to me please", user_id="ada")
    outcome = engine.begin(turn).settle(Reply("Shall we stick to hair, then?"))
    assert outcome.decision is not None
    assert outcome.decision.kind is Kind.ACKNOWLEDGEMENT
    assert outcome.addition is not None


def test_a_reply_that_ends_in_dots_has_a_place(engine: Escalator, playbook: Playbook) -> None:
    reply = Reply("Start with one honest hour, and divide what is left by it\u2026")
    assert FoundFacts(reply, playbook, ReplyReader(playbook.gates)).obstacle is None
    assert engine.begin(engine.turn(question=NEED, user_id="ada")).settle(reply).addition


def test_a_reply_is_asked_whose_link_it_has(playbook: Playbook) -> None:
    link = str(playbook.offers["mentorship"].link)
    assert FoundFacts(
        Reply(f"It is all on {link}, have a read."), playbook, ReplyReader(playbook.gates)
    ).links == {"mentorship"}
    assert (
        FoundFacts(
            Reply("The mentorship is on my page."), playbook, ReplyReader(playbook.gates)
        ).links
        == frozenset()
    )


@pytest.mark.parametrize("text", ["", " \n", "```\ncode", '{"price": 120}'])
def test_a_reply_without_a_place_says_so(playbook: Playbook, text: str) -> None:
    assert (
        FoundFacts(Reply(text), playbook, ReplyReader(playbook.gates)).obstacle is Obstacle.NO_PLACE
    )


@pytest.mark.parametrize("sign", ["-", " ", "*", "\u2014"])
def test_a_row_of_signs_is_looked_at_once(sign: str) -> None:
    """From each of its characters anew it took minutes, and every stream of the process stood."""
    begun = time.process_time()
    assert unanswered(f"Here you go: {sign * 100_000}end") is Obstacle.NO_ANSWER
    assert time.process_time() - begun < 2.0


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Add it all up.\n\nBabes, don't skip the boring part.", False),
        ("Costs first, queen.", False),
        ("Babes, add it all up.\n\nThen see what is left.", True),
        ("Add it all up.\n\nThen see what is left.", True),
    ],
)
def test_below_a_paragraph_with_a_pet_name_no_other_is_said(
    playbook: Playbook, text: str, left: bool
) -> None:
    facts = FoundFacts(Reply(text), playbook, ReplyReader(playbook.gates))
    assert (facts.pet_names < playbook.voice.max_pet_names) is left
