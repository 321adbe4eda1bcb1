"""What the model's own reply says: grief or danger that nobody else saw, or to pay for nothing."""

import pytest

from tay_middleware.decide import Circumstances, decide
from tay_middleware.decide.replies import Heard, Obstacle, ReplyReader
from tay_middleware.domain import History, Kind, Suppression
from tay_middleware.engine import Escalator, Reply
from tay_middleware.engine.facts import FoundFacts
from tay_middleware.playbook import Playbook
from tests.builders import a_detection, a_turn


@pytest.fixture(scope="module")
def reader(playbook: Playbook) -> ReplyReader:
    return ReplyReader(playbook.gates)


@pytest.mark.parametrize(
    "reply",
    [
        "Oh sis, I'm so sorry for your loss. Take your time, then start with the rent.",
        "My condolences, babes. The salon can wait.",
        "I'm so sorry about your mum. When you're ready, start with the bookings you have.",
        "I'm worried about you. Please call 988 or your local crisis line now.",
        "Please talk to someone you trust tonight, and leave the prices for now.",
        "See a doctor about that before anything touches it again.",
        "If you are in danger, leave first and price later.",
    ],
)
def test_a_reply_that_sees_grief_or_danger_is_heard(reader: ReplyReader, reply: str) -> None:
    assert reader.read(reply) == Heard(("alarm",))


@pytest.mark.parametrize(
    "reply",
    [
        "You do not need a mentor for this one, babes, it's simple maths.",
        "Honestly? You don't need to pay anybody for this.",
        "Do not buy a course or hire a coach, just track your numbers.",
        "Please don't spend on anything that isn't rent, product or food.",
        "You can work this out without a coach.",
        "Don't waste money on another class, you know this already.",
        "Save every penny this month.",
    ],
)
def test_a_reply_that_says_to_pay_for_nothing_is_heard(reader: ReplyReader, reply: str) -> None:
    assert reader.read(reply) == Heard(advises_against=True)


@pytest.mark.parametrize(
    "reply",
    [
        "Don't drop your price when it goes quiet. Start with rent, product and hours.",
        "I'm sorry you had that week. Raise the price by ten, and tell your regulars.",
        "You don't pay yourself from what is left: put your wage in the price.",
        'Send a message: "I\'m so sorry for your loss, take all the time you need, love."',
        "Don't book two installs back to back without a break.",
        "A class of four pays more than four one hour lessons.",
        "Never hire before the second chair is full for a month.",
    ],
)
def test_plain_advice_is_neither(reader: ReplyReader, reply: str) -> None:
    assert reader.read(reply) == Heard()


NEED = "Can you review my pricing structure and tell me what's wrong?"


@pytest.mark.parametrize(
    ("reply", "cause"),
    [
        ("You do not need a mentor for this one: add rent and hours.", Suppression.UNWEAVABLE),
        ("I'm so sorry for your loss. Start with rent and hours.", Suppression.SENSITIVE),
    ],
)
def test_nothing_is_offered_under_it(engine: Escalator, reply: str, cause: Suppression) -> None:
    outcome = engine.begin(engine.turn(question=NEED, user_id="ada")).settle(Reply(reply))
    assert outcome.addition is None
    assert outcome.decision is not None
    assert outcome.decision.suppressed is cause


def test_what_a_reply_saw_keeps_the_session_quiet(engine: Escalator) -> None:
    replies = ("I'm so sorry for your loss. Start with rent.", "Start with rent and with hours.")
    for reply in replies:
        turn = engine.turn(question=NEED, user_id="ada", session_id="s1")
        outcome = engine.begin(turn).settle(Reply(reply))
        engine.flush(5)
        assert outcome.decision is not None
        assert outcome.decision.suppressed is Suppression.SENSITIVE


def test_a_stop_is_confirmed_under_it(engine: Escalator) -> None:
    turn = engine.turn(question="Stop recommending your stuff to me please", user_id="ada")
    outcome = engine.begin(turn).settle(Reply("You don't need a course for that, it's maths."))
    assert outcome.decision is not None
    assert outcome.decision.kind is Kind.ACKNOWLEDGEMENT


def test_the_obstacle_is_told(playbook: Playbook, reader: ReplyReader) -> None:
    facts = FoundFacts(Reply("You don't need a coach for that, it's maths."), playbook, reader)
    assert facts.obstacle is Obstacle.ADVISES_AGAINST


def test_of_a_reply_to_no_need_nothing_is_looked_for_but_what_it_says(
    playbook: Playbook, reader: ReplyReader
) -> None:
    turn, facts = a_turn("how do i wash a wig"), FoundFacts(Reply("Cold water."), playbook, reader)
    decide(
        turn,
        a_detection(escalate=False, need=False, offer=None),
        History(),
        playbook,
        Circumstances(reply=facts),
    )
    assert {name for name in vars(facts) if not name.startswith("_")} == set()
    assert facts.names == frozenset()
    assert "names" in vars(facts)
