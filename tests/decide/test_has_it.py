"""Who says "just paid!" means what was just spoken of, and is never offered it again."""

import pytest

from tay_middleware.decide import Circumstances, Detector, decide
from tay_middleware.decide.cascade import Cascade, Until
from tay_middleware.decide.kept_gates import kept_closed
from tay_middleware.domain import ClosedGate, History, Kind, Message, Reason, Suppression
from tay_middleware.playbook import Playbook
from tests.builders import NOON, a_history, a_mention, a_past_turn, a_turn

LINK = (
    "It's on its page.\n\nIn short, the mentorship is your business. https://tay.example/mentorship"
)
JOINING = (Message("user", "how do I get into the mentorship"), Message("assistant", LINK))


def owning(detector: Detector, message: str, *said: Message) -> list[str]:
    found = detector.detect(message, said).closed_by
    return [one.group for one in found if one.group.startswith("owns_")]


@pytest.mark.parametrize(
    "message",
    [
        *("just paid!", "done, just paid!", "i've joined!!", "signed up!", "done ✅ just paid"),
        *("i've enrolled, so excited", "paid the deposit, see you inside", "I'm officially in"),
        *("i joined, what happens now", "i bought it last night", "i've paid when do we start"),
        *("i've signed up now, when do we start?", "omg tay I've just joined 🎉", "ok paid it"),
        "my payment went through",
    ],
)
def test_what_she_has_paid_is_what_was_just_spoken_of(detector: Detector, message: str) -> None:
    assert owning(detector, message, *JOINING) == ["owns_mentorship"]
    assert owning(detector, message) == []
    needle = (Message("user", "which needle?"), Message("assistant", "A size one."))
    assert owning(detector, message, *JOINING, *needle) == []


@pytest.mark.parametrize(
    "message",
    [
        *("I've paid 200 for this wig", "just paid my rent", "my client just paid", "joined?"),
        *(
            "if i joined now, what happens",
            "once i've paid, what happens?",
            "i'm in",
            "i paid rent",
        ),
        *("i haven't paid", "have i signed up?", "the salon i joined", "just joined a gym"),
        *("i bought it for my salon", "the deposit i paid", "i want to join", "she's signed up"),
    ],
)
def test_what_she_has_paid_for_something_else_is_no_offer(detector: Detector, message: str) -> None:
    assert owning(detector, message, *JOINING) == []


def test_it_is_kept_by_the_name_of_the_offer(detector: Detector, playbook: Playbook) -> None:
    seen = detector.detect("i've signed up now, when do we start", JOINING)
    kept = kept_closed(a_turn(), seen, playbook.gates)
    assert kept == (ClosedGate("owns_mentorship", NOON),)
    (told,) = (one for one in seen.closed_by if one.group == "owns_mentorship")
    assert (told.phrase, told.start, told.end) == ("i've signed up", 0, 14)


def test_of_two_offers_it_is_the_one_that_we_linked(detector: Detector, playbook: Playbook) -> None:
    both = "The masterclass is a framework, the mentorship is your own business."
    sentence = playbook.by_id["mentorship.gentle.any.B"].text.replace("$offer", "the mentorship")
    linked = Message("assistant", f"{both}\n\n{sentence}")
    assert owning(detector, "just paid!", linked) == ["owns_mentorship"]
    assert owning(detector, "just paid!", Message("assistant", both)) == [
        "owns_masterclass",
        "owns_mentorship",
    ]


WISHED = a_past_turn(kind=Kind.ORGANIC, offer="mentorship", reason=Reason.PURCHASE_INTENT)


@pytest.mark.parametrize(
    ("history", "offer"),
    [
        (a_history(a_mention()), "mentorship"),
        (a_history(WISHED), "mentorship"),
        (a_history(a_mention(), a_past_turn(number=101)), None),
        (a_history(a_mention(session="s0")), None),
        (History(), None),
    ],
)
def test_history_tells_it_where_no_conversation_came_with_it(
    detector: Detector, playbook: Playbook, history: History, offer: str | None
) -> None:
    turn = a_turn("just paid!")
    seen = decide(turn, detector.detect("just paid!"), history, playbook, Circumstances())
    kept = kept_closed(turn, seen.detection, playbook.gates)
    assert kept == ((ClosedGate(f"owns_{offer}", NOON),) if offer else ())


def test_a_question_beside_it_is_no_wish_to_buy(detector: Detector, playbook: Playbook) -> None:
    question = "I've joined. when does it start?"
    seen = detector.detect(question)
    decision = decide(a_turn(question), seen, a_history(a_mention()), playbook, Circumstances())
    assert (decision.kind, decision.detection.purchase) == (Kind.NONE, False)


def test_it_is_heard_where_only_the_conversation_says_so(playbook: Playbook) -> None:
    keywords = Cascade(playbook)
    since = (Message("user", "just paid!"), Message("assistant", "Welcome."))
    for said, cause in ((JOINING, None), ((*JOINING, *since), Suppression.OWNS_OFFER)):
        turn = a_turn(transcript=said)
        earlier = keywords.earlier_gates(said, Until.KEYWORDS)
        seen = keywords.detect(turn.question, said, until=Until.KEYWORDS)
        around = Circumstances(earlier_gates=earlier)
        assert decide(turn, seen, History(), playbook, around).suppressed is cause
