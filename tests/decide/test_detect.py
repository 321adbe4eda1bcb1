import json
import threading
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tay_middleware.decide import Detector
from tay_middleware.domain import Detection, Indicator, Message, Reason, Stage
from tay_middleware.playbook import Playbook
from tests.decide import everyday
from tests.decide.rules import (
    SmallRules,
    a_group,
    a_policy,
    an_offer,
    some_indicators,
)

MENTIONED = (
    Message("user", "how do I get more clients in my salon"),
    Message("assistant", "Start with rebooking. The mentorship is where we look at your numbers."),
)


def test_a_detection_is_whole() -> None:
    assert Detector(SmallRules()).detect("An audit of MY business, strategy first") == Detection(
        escalate=True,
        need=True,
        offer="mentorship",
        reason=Reason.STRATEGIC,
        stage=Stage.KEYWORDS,
        scores={
            "mentorship": 3.0,
            "total": 3.0,
            "margin": 3.0,
            "taken": 0,
            "group.strategic": 2.0,
            "group.personal": 1.0,
        },
        gates=(),
        indicators=(
            Indicator("strategic", "audit", 3, 8, 1.0),
            Indicator("personal", "my business", 12, 23, 1.0),
            Indicator("strategic", "strategy", 25, 33, 1.0),
        ),
    )


@pytest.mark.parametrize(
    ("question", "offer"),
    [
        ("Can you review my pricing structure and tell me whats wrong?", "mentorship"),
        ("I need a strategy to restructure my salon", "mentorship"),
        ("can you audit my business", "mentorship"),
        ("fix my pricing, I charge £90 and lose clients", "mentorship"),
        ("my business is stuck at 4k a month, what would you change?", "mentorship"),
        ("I want to learn ventilating properly, from scratch", "course"),
        ("do you teach frontal installs start to finish", "course"),
        ("a deep dive on wig making, every step, for a total beginner", "course"),
        ("how do hair brands structure a launch, the whole framework?", "masterclass"),
        ("is there a full system for client retention in salons in general?", "masterclass"),
    ],
)
def test_each_need_goes_to_its_offer(detector: Detector, question: str, offer: str) -> None:
    detection = detector.detect(question)
    assert (detection.escalate, detection.offer) == (True, offer)


@pytest.mark.parametrize(
    "question",
    [
        "how do i pluck a hairline",
        "our customer service is completely swamped lol",
        "what's a good strategy for oily skin glue",
        "is £90 ok for a closure install",
        "my customer wants custom colour, complete nightmare, solve it lol",
        "auditioning for a musical, which wig stays on?",
        "what does restructure mean on a wig box",
        "do I capitalise my business name",
        "best glue for my frontal?",
        "my current wig",
        "",
        "?",
    ],
)
def test_what_the_chat_can_answer_is_left_alone(detector: Detector, question: str) -> None:
    detection = detector.detect(question)
    assert (detection.need, detection.offer, detection.reason) == (False, None, None)


@pytest.mark.parametrize("words", ["custom", "complete", "solve", "my current", "completely"])
def test_words_that_say_nothing_alone_count_nothing_alone(detector: Detector, words: str) -> None:
    assert detector.detect(words).indicators == ()


# ── the rule of the brief ─────────────────────────────────────────────────────────────────────


def needs(question: str, **threshold: object) -> bool:
    groups = {
        "personal": a_group("my salon", kind="personal", weight=2.0),
        "business": a_group("pricing", kind="business", weight=2.0, counts=False),
        "strategic": a_group("strategy", "audit", weight=2.0),
    }
    rules = SmallRules(
        indicators=some_indicators(groups=groups),
        offers={"mentorship": an_offer(evidence=dict.fromkeys(groups, 1.0))},
        policy=a_policy(**threshold),
    )
    return Detector(rules).detect(question).need


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("strategy", False),
        ("strategy, audit", True),
        ("my salon, strategy", True),
        ("my salon", False),
        ("pricing", False),
        ("pricing in my salon", True),
        ("strategy for pricing", False),
    ],
)
def test_two_indicators_or_business_with_personal_language(question: str, expected: bool) -> None:
    assert needs(question) is expected


def test_the_rule_can_be_changed_in_the_policy() -> None:
    assert needs("pricing in my salon", business_and_personal=False) is False
    assert needs("strategy", indicators=1) is True
    assert needs("strategy, audit", min_score=4.1) is False


def test_a_small_lead_over_the_second_offer_lowers_the_score() -> None:
    offers = {
        "mentorship": an_offer(evidence={"personal": 1.0, "strategic": 1.0}),
        "course": an_offer(evidence={"personal": 1.0, "strategic": 0.5}),
    }
    rules = SmallRules(offers=offers, policy=a_policy(min_margin=1.0))
    detection = Detector(rules).detect("a strategy for my business")
    assert (detection.scores["margin"], detection.scores["total"]) == (0.5, 1.5)
    assert not detection.need


# ── signals ───────────────────────────────────────────────────────────────────────────────────


def test_missing_knowledge_counts_beside_personal_language_only(detector: Detector) -> None:
    known = {"missing_knowledge": True}
    assert not detector.detect("what about my salon").need
    assert detector.detect("what about my salon", signals=known).need
    assert not detector.detect("what about a wig", signals=known).need
    assert not detector.detect("what about my salon", signals={"missing_knowledge": "yes"}).need


def test_a_signal_is_listed_among_the_indicators(detector: Detector) -> None:
    detection = detector.detect("what about my salon", signals={"missing_knowledge": True})
    assert detection.indicators[-1] == Indicator("guidance", "signal missing_knowledge", 0, 0, 1.0)


# ── a wish to buy ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("question", "offer"),
    [
        ("how much is the mentorship?", "mentorship"),
        ("how do I buy the lace course?", "course"),
        ("when's the next masterclass and how much are tickets?", "masterclass"),
        ("is there a payment plan for your 1:1?", "mentorship"),
        ("where do I sign up for your course", "course"),
        ("I'm ready to join the mentorship", "mentorship"),
        ("torn between the masterclass and the mentorship, which should i join", "mentorship"),
    ],
)
def test_a_wish_to_buy_goes_straight_to_the_offer_named(
    detector: Detector, question: str, offer: str
) -> None:
    detection = detector.detect(question)
    assert (detection.escalate, detection.purchase) == (True, True)
    assert (detection.offer, detection.reason) == (offer, Reason.PURCHASE_INTENT)


@pytest.mark.parametrize("question", ["how do I sign up??", "how much is it", "send me the link"])
def test_a_wish_to_buy_may_refer_to_what_was_just_spoken_of(
    detector: Detector, question: str
) -> None:
    assert not detector.detect(question).need
    detection = detector.detect(question, MENTIONED)
    assert (detection.escalate, detection.purchase, detection.offer) == (True, True, "mentorship")


@pytest.mark.parametrize(("question", "offer"), everyday.BUYS.items())
def test_the_price_of_a_named_offer_is_a_wish_to_buy(
    detector: Detector, question: str, offer: str
) -> None:
    detection = detector.detect(question)
    assert (detection.escalate, detection.purchase, detection.offer) == (True, True, offer)


@pytest.mark.parametrize("question", everyday.BUYS_WHAT_WAS_MENTIONED)
def test_a_wish_that_ends_its_clause_means_what_was_mentioned(
    detector: Detector, question: str
) -> None:
    assert not detector.detect(question).purchase
    assert detector.detect(question, MENTIONED).purchase


@pytest.mark.parametrize("question", everyday.BUYS_NOTHING_OF_OURS)
def test_a_wish_with_an_object_of_its_own_buys_nothing(detector: Detector, question: str) -> None:
    assert not detector.detect(question).purchase
    assert not detector.detect(question, MENTIONED).purchase


def test_the_course_of_time_is_no_course_of_ours(detector: Detector) -> None:
    assert not detector.detect("how do I pay monthly over the course of a year?").purchase


def test_it_does_not_refer_to_what_was_said_long_ago(detector: Detector) -> None:
    since = tuple(Message("user", "and the lace?") for _ in range(3))
    assert not detector.detect("how much is it", MENTIONED + since).purchase


@pytest.mark.parametrize(
    "question",
    [
        "how much is the glue",
        "how much is a closure install",
        "how much should I charge for my course",
        "how do I get people to sign up for my masterclass",
        "where do I buy the lace",
        "can I join two bundles on one weft",
        "how do I sign up clients over the course of a weekend?",
        "how do I sign up clients for a texting list?",
        "How much does a wig course cost to create? I want to launch one",
    ],
)
def test_other_prices_are_no_wish_to_buy(detector: Detector, question: str) -> None:
    assert not detector.detect(question, MENTIONED).purchase


def test_a_gate_holds_back_a_wish_to_buy_as_well(detector: Detector) -> None:
    detection = detector.detect("I'm 15, how much is the mentorship?")
    assert (detection.purchase, detection.need, detection.escalate) == (True, True, False)


# ── what must hold of any input ───────────────────────────────────────────────────────────────


_BUILT: dict[tuple[str, str], Detector] = {}


def shared(playbook: Playbook, name: str = "used") -> Detector:
    """One detector for all examples: building one costs more than a thousand questions."""
    key = (playbook.version, name)
    if key not in _BUILT:
        _BUILT[key] = Detector(playbook)
    return _BUILT[key]


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(codec=None), max_size=400))
def test_any_text_gets_a_detection_that_is_sound(playbook: Playbook, text: str) -> None:
    detection = shared(playbook).detect(text)
    assert detection.escalate == (detection.need and not detection.gates)
    assert (detection.offer is None) == (detection.reason is None) == (not detection.need)
    assert detection.offer is None or detection.offer in playbook.offers
    assert detection.topic is None or detection.topic in playbook.topics
    assert all(0 <= found.start < found.end <= len(text) for found in detection.indicators)
    json.dumps(dict(detection.scores))


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.sampled_from(["my pricing", "audit", "not", "£20", "wig", ".", "lol"]), max_size=30)
)
def test_the_same_words_give_the_same_detection(playbook: Playbook, said: list[str]) -> None:
    used, fresh = shared(playbook), shared(playbook, "fresh")
    question = " ".join(said)
    assert used.detect(question) == used.detect(question) == fresh.detect(question)


def test_spans_point_into_the_question_as_typed(detector: Detector) -> None:
    question = "👩🏾\u200d🦱 babes… can you REVIEW my\u200b pricing? “so and so said it is too low”"
    found = {
        one.phrase: question[one.start : one.end]
        for one in detector.detect(question).indicators
        if one.weight > 0
    }
    assert found == {"can you": "can you", "review": "REVIEW", "my pricing": "my\u200b pricing"}


def test_many_threads_share_one_detector(playbook: Playbook) -> None:
    detector = Detector(playbook)
    questions = [message.content for message in MENTIONED] + ["audit my business"] * 5
    expected = [shared(playbook).detect(question) for question in questions]
    answers: list[list[Detection]] = []
    threads = [
        threading.Thread(
            target=lambda: answers.append([detector.detect(question) for question in questions])
        )
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [expected] * 8


@pytest.mark.parametrize(
    "unit",
    [
        "my pricing ",
        "don't my pricing ",
        "£1 ",
        "not not audit ",
        '"',
        "how much is the ",
        "1,300 clients ",
        "a\u0301",
        "my,",
        "xyz🙂 ",
    ],
)
def test_time_grows_with_length_and_no_faster(detector: Detector, unit: str) -> None:
    once, twice = (unit * 4_000)[:1_900], (unit * 4_000)[:3_800]
    assert _seconds(detector, twice) < 6 * _seconds(detector, once) + 0.003


def test_beyond_the_window_length_costs_next_to_nothing(detector: Detector) -> None:
    short, long = "my pricing " * 400, "my pricing " * 100_000
    assert _seconds(detector, long) < 3 * _seconds(detector, short) + 0.005


def _seconds(detector: Detector, question: str) -> float:
    best = 10.0
    for _ in range(4):
        start = time.process_time()
        detector.detect(question)
        best = min(best, time.process_time() - start)
    return best
