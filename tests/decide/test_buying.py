"""A wish to buy is one for an offer of ours: what it is said beside tells whose it is."""

import pytest

from tay_middleware.decide import Detector
from tay_middleware.decide.named import MOST_NAMES
from tay_middleware.domain import Message


@pytest.mark.parametrize(
    "question",
    [
        "how much is the course at Sassoon and is it worth it for a wig maker?",
        "when is the next masterclass by Dionne Smith in London",
        "how much is mentorship from Dr Boogie, is she legit",
        "thinking about the L'Oreal colour course, how much does the course cost",
        "when does the next Wella masterclass run in Manchester?",
        "how much is the course I run, my client asked",
        "whats the cost of the course for cosmetology licence in Texas",
        "can I book the masterclass venue with no deposit",
        "I want to buy the course kit mannequins wholesale, where from",
        "how do I get on the masterclass line up as a speaker",
        "what is the fee for a masterclass tutor, a brand wants me to teach",
        "how do i book the masterclass on my fresha so people can pay",
    ],
)
def test_what_somebody_else_sells_is_not_ours(detector: Detector, question: str) -> None:
    assert not detector.detect(question).purchase


@pytest.mark.parametrize(
    "question",
    [
        "my landlord wants a deposit for the one to one room",
        "Can I book one on one clients at home or do I need a licence?",
        "do I charge the deposit for the one to one up front",
        "I need the price for mentoring, what do people charge to train a junior",
    ],
)
def test_an_ordinary_phrase_is_a_name_only_where_we_are_addressed(
    detector: Detector, question: str
) -> None:
    assert not detector.detect(question).purchase


@pytest.mark.parametrize(
    ("question", "offer"),
    [
        ("how much is your one to one", "mentorship"),
        ("can I work with you one on one, how much is it?", "mentorship"),
        ("cost of your 1:1 mentorship?", "mentorship"),
        ("your masterclass on pricing, is there a date and can I pay monthly?", "masterclass"),
        ("theres a wig making course on ur page, do u still sell it n how much is it", "course"),
        ("thinking of buying the masterclass for my managers", "masterclass"),
        ("I teach my own course, but how much is your course?", "course"),
    ],
)
def test_what_is_asked_of_us_is_ours(detector: Detector, question: str, offer: str) -> None:
    detection = detector.detect(question)
    assert (detection.purchase, detection.offer) == (True, offer)


def test_what_asks_and_what_is_named_must_belong_together(detector: Detector) -> None:
    apart = (
        "your masterclass was lovely. my landlord in Leeds raised the rent again and wants it by "
        "Friday: how do I pay for the van too?"
    )
    assert not detector.detect(apart).purchase
    one_clause = "how much is the van that I saw in the video of your masterclass"
    assert not detector.detect(one_clause).purchase


def test_who_does_not_ask_to_buy_asks_for_nothing(detector: Detector) -> None:
    assert detector.detect("I'm buying the masterclass. how much is it?").purchase
    assert not detector.detect("I'm not buying the masterclass. how much is a lace?").purchase


SALON_TALK = Message("user", "should I hire a junior for my salon?")


@pytest.mark.parametrize(
    "reply",
    [
        "Yes. Do one on one sessions with her every week; mentoring a junior takes six months.",
        "Go for raw hair. Over the course of a year it pays off.",
        "The course at the college down the road will do for the basics.",
    ],
)
def test_it_refers_back_to_no_ordinary_phrase_of_a_reply(detector: Detector, reply: str) -> None:
    said = (SALON_TALK, Message("assistant", reply))
    assert not detector.detect("how much is it?", said).purchase


@pytest.mark.parametrize(
    "said",
    [
        (SALON_TALK, Message("assistant", "That is what the mentorship is for.")),
        (Message("user", "do you have a mentorship?"), Message("assistant", "Yes, I do.")),
    ],
)
def test_it_refers_back_to_an_offer_of_the_last_exchange(
    detector: Detector, said: tuple[Message, ...]
) -> None:
    detection = detector.detect("how much is it?", said)
    assert (detection.purchase, detection.offer) == (True, "mentorship")
    later = (*said, Message("user", "which needle?"), Message("assistant", "A size one."))
    assert not detector.detect("how much is it?", later).purchase


ASKED_ON = (
    Message("user", "tell me about the course please"),
    Message("assistant", "It teaches technique, from the first stitch."),
    Message("user", "is it ok for a total beginner"),
    Message("assistant", "Yes, from the very first one."),
    Message("user", "how long would it take me"),
    Message("assistant", "A few weeks, at your own pace."),
)


@pytest.mark.parametrize("question", ["can i pay in instalments", "go on then, how do i pay"])
def test_it_is_what_she_has_been_asking_about_all_along(detector: Detector, question: str) -> None:
    found = detector.detect(question, ASKED_ON)
    assert (found.purchase, found.offer) == (True, "course")
    once = (Message("user", "can i pay in instalments"), Message("assistant", "The page says."))
    again = detector.detect("how do i sign up", (*ASKED_ON[:4], *once))
    assert (again.purchase, again.offer) == (True, "course")


@pytest.mark.parametrize(
    "between",
    ["which glue for summer?", "do clients pay before?", "my bakery is slow", "which needle?"],
)
def test_a_subject_of_her_own_ends_what_was_spoken_of(detector: Detector, between: str) -> None:
    said = (*ASKED_ON[:4], Message("user", between), Message("assistant", "Depends."))
    assert not detector.detect("how do i pay", said).purchase


def test_what_was_spoken_of_last_counts_and_nothing_that_is_long_past(detector: Detector) -> None:
    other = Message("assistant", "That is what the mentorship is for.")
    found = detector.detect("how do i pay", (*ASKED_ON, Message("user", "and alone?"), other))
    assert (found.purchase, found.offer) == (True, "mentorship")
    small = (Message("user", "nice"), Message("assistant", "It is."))
    assert not detector.detect("how do i pay", (*ASKED_ON, *small * 2)).purchase


def test_names_without_end_are_looked_at_so_far_and_no_further(detector: Detector) -> None:
    foreign, ours = "the course at Sassoon, ", "how much is your masterclass?"
    assert detector.detect(foreign * 2 + ours).purchase
    assert not detector.detect(foreign * MOST_NAMES + ours).purchase
