"""Where nothing may be mentioned, by the playbook that ships."""

from importlib.resources import files

import pytest

from tay_middleware.decide import Detector
from tay_middleware.domain import Message
from tay_middleware.playbook import Playbook
from tay_middleware.playbook.gate_names import OFF_TOPIC
from tay_middleware.playbook.phrases import parse
from tests.decide import everyday
from tests.decide.conduct import CLOSED
from tests.decide.controls import OPEN
from tests.decide.rules import SmallRules, a_gate, a_group, some_gates, some_indicators


def pairs(messages: dict[str, tuple[str, ...]]) -> list[tuple[str, str]]:
    return [(gate, message) for gate, said in messages.items() for message in said]


@pytest.mark.parametrize(("gate", "message"), pairs(CLOSED))
def test_the_gate_is_closed_and_nothing_escalates(
    detector: Detector, gate: str, message: str
) -> None:
    detection = detector.detect(message)
    assert gate in detection.gates
    assert not detection.escalate


@pytest.mark.parametrize(("gate", "message"), pairs(OPEN))
def test_what_only_looks_like_it_passes(detector: Detector, gate: str, message: str) -> None:
    detection = detector.detect(message)
    assert detection.gates == ()
    assert detection.escalate, f"nothing was found beside the open gate {gate}"


@pytest.mark.parametrize(("gate", "message"), pairs(everyday.OPEN))
def test_everyday_talk_closes_no_gate(detector: Detector, gate: str, message: str) -> None:
    assert gate not in detector.detect(message).gates


@pytest.mark.parametrize(("gate", "message"), pairs(everyday.CLOSED))
def test_what_is_really_meant_is_still_heard(detector: Detector, gate: str, message: str) -> None:
    assert gate in detector.detect(message).gates


MENTION = (
    Message("user", "how do I get more clients in my salon"),
    Message("assistant", "Start with rebooking. The mentorship is where we look at your numbers."),
)


@pytest.mark.parametrize(
    ("gate", "message"),
    [
        *(("opt_out", message) for message in everyday.STOPS),
        *(("refusal", message) for message in everyday.NOES),
    ],
)
def test_a_bare_answer_to_a_mention_is_taken_at_its_word(
    detector: Detector, gate: str, message: str
) -> None:
    assert gate in detector.detect(message, MENTION).gates
    seen = detector.detect(message)
    assert gate in {*seen.gates, *seen.answers}
    assert detector.mentioned_before(MENTION)


@pytest.mark.parametrize("message", ["nooo", "nahhh", "\U0001f44e", "NOOOOO thanks"])
def test_however_it_is_typed(detector: Detector, message: str) -> None:
    assert "refusal" in detector.detect(message, MENTION).gates
    assert "refusal" not in detector.detect(message, MENTION[:1]).gates


def test_a_noun_that_is_anybodys_in_a_reply_is_no_mention(detector: Detector) -> None:
    reply = "Charge one to one clients more, and start mentoring your juniors."
    said = (MENTION[0], Message("assistant", reply))
    assert "refusal" not in detector.detect("nope", said).gates
    assert not detector.mentioned_before(said)


@pytest.mark.parametrize("message", [*everyday.STOPS, "nope", "nah", "Not now", "good thanks"])
def test_the_same_answer_to_anything_else_is_none(detector: Detector, message: str) -> None:
    plain = (Message("user", "my lace lifts"), Message("assistant", "Is your scalp oily?"))
    for before in ((), plain, MENTION[:1]):
        assert {"opt_out", "refusal"}.isdisjoint(detector.detect(message, before).gates)
    assert not detector.mentioned_before(plain)


@pytest.mark.parametrize(
    "message",
    ["when do I stop the timer?", "nope my lace still lifts", "No, I mean HD lace", "no. 3 packs"],
)
def test_more_than_a_bare_answer_is_none(detector: Detector, message: str) -> None:
    assert {"opt_out", "refusal"}.isdisjoint(detector.detect(message, MENTION).gates)


def test_every_answer_to_a_mention_says_that_it_ends(playbook: Playbook) -> None:
    """An exception that slips into the list would be heard as a no."""
    for name, gate in playbook.gates.gates.items():
        assert [said for said in gate.after_mention if not said.endswith("<end>")] == [], name


def test_no_phrase_of_a_gate_reads_as_a_common_word(playbook: Playbook) -> None:
    """ "od'd" is also written without its apostrophe, and "odd" is no distress."""
    words = (files("tay_middleware.decide") / "words.txt").read_text(encoding="ascii").split()
    common = frozenset(words)
    for name, gate in playbook.gates.gates.items():
        for phrase in gate.phrases:
            read = [piece for piece in parse(phrase) if not piece.optional and not piece.context]
            alone = (
                {said[0] for said in read[0].choices if len(said) == 1} if read[1:] == [] else set()
            )
            unmeant = {word for word in alone & common if word not in phrase.casefold()}
            assert unmeant == set(), f"{name}: {phrase}"


@pytest.mark.parametrize(
    "message",
    [
        "how do clients opt out of my email list?",
        "I want to stop offering sew ins and only do wigs, is that the right move for my business?",
        "should I stop recommending products to my clients?",
        "no more offers please from the supplier, how do I tell her",
        "I told you no one books on Mondays",
        "clients told me to stop selling to them in DMs",
        "landlord says don't suggest a lower rent, I don't recommend anything to him anymore",
    ],
)
def test_a_stop_of_ones_own_is_no_opt_out(detector: Detector, message: str) -> None:
    assert {"opt_out", "refusal"}.isdisjoint(detector.detect(message).gates)


@pytest.mark.parametrize(
    ("message", "gate"),
    [
        ("I don`t want to be here anymore and I can`t cope. My salon makes no profit", "distress"),
        ("I don\u2032t want to be here anymore. My salon makes no profit", "distress"),
        ('I keep thinking "I don\'t want to be here anymore" and my salon is failing', "distress"),
        ("> I don't want to be alive\nmy salon makes no profit, fix my pricing", "distress"),
        ("it's about self\u2011harm, and my salon", "distress"),
        ("please don`t recommend courses again, I don`t need them in my salon", "opt_out"),
        ('as I said, "please stop recommending me your courses"', "opt_out"),
        ('I asked: "I am 15, can I learn wigs here?"', "minor"),
        ('it says "my scalp is burning and swollen" in my notes, fix my pricing', "medical"),
    ],
)
def test_apostrophes_and_quotation_marks_hide_nothing(
    detector: Detector, message: str, gate: str
) -> None:
    assert gate in detector.detect(message).gates


@pytest.mark.parametrize(
    "message",
    [
        'my client wrote "please stop recommending me your courses", is my salon too pushy?',
        'how do I answer a client who says "no thanks, I can\'t afford it"? help me fix my pricing',
        "a customer sent this email:\n> please stop sending me offers\nis my salon too pushy?",
    ],
)
def test_what_others_are_quoted_to_say_closes_nothing(detector: Detector, message: str) -> None:
    assert detector.detect(message).gates == ()


def test_every_gate_of_the_playbook_is_tested(playbook: Playbook) -> None:
    assert {*playbook.gates.gates, OFF_TOPIC} - {*CLOSED} == {"quote", "thanks", "alarm"}


@pytest.mark.parametrize(
    ("gate", "cause"),
    [
        ("distress", "sensitive"),
        ("medical", "sensitive"),
        ("minor", "sensitive"),
        ("complaint", "sensitive"),
        ("alarm", "sensitive"),
        ("owner", "owns_offer"),
        ("refusal", "declined"),
        ("pitched", "declined"),
        ("opt_out", "opted_out"),
        ("support", None),
        ("injection", None),
        ("small_talk", None),
        ("third_person", None),
        ("hypothetical", None),
    ],
)
def test_what_the_log_says_of_a_need_behind_a_gate(
    playbook: Playbook, gate: str, cause: str | None
) -> None:
    assert playbook.gates.gates[gate].suppression == cause


@pytest.mark.parametrize("signal", ["distress", "opt_out", "minor", "refusal"])
def test_what_was_said_once_lasts(playbook: Playbook, signal: str) -> None:
    """Until the next day at least; distress, of which people come back, not much longer."""
    assert playbook.gates.gates[signal].sticky_seconds >= 20 * 3600


def test_need_is_told_apart_from_whether_it_is_our_business(detector: Detector) -> None:
    detection = detector.detect(
        "please don't sell me anything. can you review my pricing and tell me what's wrong?"
    )
    assert (detection.need, detection.escalate) == (True, False)
    assert (detection.offer, detection.gates) == ("mentorship", ("refusal",))


def closed(question: str, *transcript: str, **gates: object) -> tuple[str, ...]:
    rules = SmallRules(gates=some_gates(**gates))
    messages = tuple(Message("user", said) for said in transcript)
    return Detector(rules).detect(question, messages).gates


def test_a_question_without_any_word_of_ours_is_off_topic() -> None:
    assert closed("what is the weather in Houston") == (OFF_TOPIC,)
    assert closed("") == (OFF_TOPIC,)


def test_a_word_of_the_craft_is_enough() -> None:
    assert closed("a wig for Houston") == ()


def test_one_word_of_the_trade_is_not_enough_two_kinds_are() -> None:
    assert closed("what price is that") == (OFF_TOPIC,)
    assert closed("what price do clients pay") == ()


def test_one_word_of_the_trade_is_enough_beside_first_person_evidence() -> None:
    topics = some_gates().on_topic.model_copy(update={"beside": ("personal",), "craft": ("wig",)})
    assert closed("the price of my salon", on_topic=topics) == ()


def test_another_trade_is_ours_only_with_the_craft() -> None:
    topics = some_gates().on_topic.model_copy(update={"elsewhere": ("bakery",)})
    assert closed("bakery price for clients", on_topic=topics) == (OFF_TOPIC,)
    assert closed("bakery price for wigs", on_topic=topics) == ()


def test_a_short_question_borrows_its_subject_from_what_was_said_before() -> None:
    assert closed("and how long?", "how do I store a wig", "in a box") == ()
    assert closed("and how long?", "how do I cook rice") == (OFF_TOPIC,)
    assert closed("and how long?", "a wig", *["rice"] * 4) == (OFF_TOPIC,)


def test_a_gate_needs_as_many_distinct_wordings_as_it_says() -> None:
    gates = {"sad": a_gate("so sad", "cry~", at_least=2)}
    assert closed("wig, so sad, so sad", gates=gates) == ()
    assert closed("wig, so sad, crying", gates=gates) == ("sad",)


def test_evidence_keeps_a_gate_open_where_it_says_so() -> None:
    gates = {"talk": a_gate("hello", unless=("personal",))}
    assert closed("hello wig", gates=gates) == ("talk",)
    assert closed("hello, my business", gates=gates) == ()


def test_an_exception_opens_what_it_overlaps() -> None:
    gates = {"hurt": a_gate("burn~", **{"except": ["burn~ through"]})}
    assert closed("wig burns", gates=gates) == ("hurt",)
    assert closed("burnt wig, burning through cash", gates=gates) == ()


def test_a_gate_that_names_an_unknown_group_is_the_playbooks_problem() -> None:
    with pytest.raises(ValueError, match="'nobody'"):
        some_indicators(signals={"missing_knowledge": {"group": "nobody"}})
    with pytest.raises(ValueError, match="'nobody'"):
        some_indicators(dampers={"quick": {"phrases": ["quick"], "unless": ["nobody"]}})
    assert a_group("x").phrases == ("x",)


@pytest.mark.parametrize(
    "about",
    [
        *("stop suggesting expensive hair", "don't suggest any more glues"),
        *("stop promoting me to do more, I'm tired", "stop offering lace or wigs"),
        "stop advertising or keep running the ads for my salon?",
    ],
)
def test_a_stop_to_things_of_the_trade_is_no_opt_out(detector: Detector, about: str) -> None:
    assert "opt_out" not in detector.detect(about).gates


@pytest.mark.parametrize("stop", ["stop recommending", "stop suggesting courses", "stop selling"])
def test_a_stop_to_our_own_is_one(detector: Detector, stop: str) -> None:
    assert "opt_out" in detector.detect(stop).gates
