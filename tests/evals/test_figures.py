from collections.abc import Sequence
from dataclasses import replace

import pytest

from tay_middleware.evals.answers import CERTAIN, Answer, answer, by_family, counted, pairs
from tay_middleware.evals.behaviour import CLOSING, HARMLESS, behaviour
from tay_middleware.evals.figures import detection, grouped, parts, worst_author
from tay_middleware.evals.injections import Injection, resist
from tay_middleware.evals.judges import Judged, KeywordJudge
from tay_middleware.evals.rows import Row
from tay_middleware.evals.statistics import Tally
from tay_middleware.playbook import Playbook

from .builders import Script, a_row, an_answer, said


def answers(*rows: object) -> list[Answer]:
    return answer(Script(), {"q": rows})  # type: ignore[dict-item]  # rows, by position


def test_every_verdict_is_counted() -> None:
    found = answers(
        a_row("yes course", escalate=True, offer="course", family="a"),
        a_row("yes course", escalate=True, offer="mentorship", family="b"),
        a_row("yes course", family="c"),
        a_row("no", escalate=True, family="d"),
        a_row("no", family="e"),
        a_row("owned", family="g"),
    )
    assert counted(found) == Tally(found=2, false=1, missed=1, passed=2)
    assert set(by_family(found)) == {"t:a", "t:b", "t:c", "t:d", "t:e", "t:g"}
    figures = detection("x", found)
    assert figures["x.offer_accuracy"].value == 0.5
    assert figures["x.offer_accuracy"].n == 2
    assert figures["x.precision"].value == pytest.approx(2 / 3)
    assert figures["x.recall"].value == pytest.approx(2 / 3)


def test_a_row_that_fails_is_a_wrong_answer_whatever_its_label() -> None:
    found = answers(a_row("fail 1", escalate=True), a_row("fail 2"))
    assert counted(found) == Tally(missed=1, false=1)
    assert detection("x", found)["x.errors"].value == 2
    assert [one.score for one in found] == [0.0, CERTAIN]


def test_a_wish_to_buy_ranks_above_any_points_and_any_probability() -> None:
    bought = an_answer(said(confidence=0.2, purchase=True), escalate=True)
    sure = an_answer(said(confidence=1.0), escalate=True)
    words = an_answer(said(), escalate=True)
    assert bought.score > max(sure.score, words.score)
    assert words.score > 1


def test_a_failure_is_wrong_and_certain_of_it_in_the_brier_score() -> None:
    found = [an_answer(None, escalate=False), an_answer(said(confidence=1.0), escalate=True)]
    assert detection("x", found)["x.brier"].value == 0.5


def test_a_judge_that_answers_too_few_rows_stops_the_run() -> None:
    class Lazy:
        name = "lazy"

        def judge(self, rows: Sequence[Row]) -> list[Judged]:
            return []

    with pytest.raises(ValueError, match="zip"):
        answer(Lazy(), {"q": (a_row(),)})


def test_a_judge_that_raises_on_a_row_goes_on_with_the_next(playbook: Playbook) -> None:
    judge = KeywordJudge(playbook)
    odd = a_row("what glue")
    object.__setattr__(odd, "question", None)
    first, second = judge.judge([odd, a_row("can you review my pricing, what am I doing wrong?")])
    assert first.error is not None
    assert first.detection is None
    assert second.mentions


def test_an_owned_offer_is_no_mention(playbook: Playbook) -> None:
    question = "can you review my pricing structure and tell me what's wrong?"
    judge = KeywordJudge(playbook)
    (open_,) = judge.judge([a_row(question)])
    (owned,) = judge.judge([a_row(question, owned_offers=("mentorship",))])
    assert open_.mentions
    assert not owned.mentions
    assert owned.outcome == ("mentorship", "gentle", "owns_offer")


def test_a_pair_counts_only_when_all_its_rows_are_right() -> None:
    found = answers(
        a_row("yes", escalate=True, family="right"),
        a_row("no", family="right"),
        a_row("yes", escalate=True, family="wrong"),
        a_row("yes", family="wrong"),
        a_row("yes", escalate=True, family="no pair"),
    )
    assert pairs(found) == {"t:right": True, "t:wrong": False}


def test_a_closed_gate_is_a_probability_of_nothing() -> None:
    open_ = an_answer(said(confidence=0.8), escalate=True)
    gated = an_answer(said(confidence=0.8, gates=("minor",)), escalate=False)
    buys = an_answer(said(confidence=0.2, purchase=True), escalate=True)
    assert [one.probability for one in (open_, gated, buys)] == [0.8, 0.0, 0.2]
    assert [one.score for one in (open_, gated, buys)] == [0.8, 0.0, CERTAIN]
    figure = detection("x", [open_, gated])["x.brier"]
    assert figure.value == pytest.approx(0.02)
    assert figure.n == 2


def test_without_probabilities_there_is_no_brier_score() -> None:
    figure = detection("x", [an_answer(said(), escalate=True)])["x.brier"]
    assert (figure.value, figure.n) == (None, 0)


def test_rows_whose_label_names_no_offer_are_left_out_of_the_accuracy_of_offers() -> None:
    found = answers(
        a_row("yes course", escalate=True, offer="course", name="1"),
        a_row("yes course", escalate=True, name="2"),
        replace(a_row("yes course", escalate=True, name="3"), offer=None),
    )
    figure = detection("x", found)["x.offer_accuracy"]
    assert (figure.value, figure.n) == (0.5, 2)
    (part,) = parts({"q": found}).values()
    assert (part.found, part.offers_right, part.offers) == (3, 1, 2)


def test_the_worst_author_has_enough_positives_to_be_believed() -> None:
    many = [an_answer(said(), escalate=True, family=str(at), author="a") for at in range(50)]
    few = [an_answer(said(None), escalate=True, family=str(at), author="b") for at in range(49)]
    groups = parts(grouped([*many, *few], by="author"))
    assert worst_author(groups).value == 1.0
    assert worst_author({"b": groups["b"]}).value is None


# ── changes of wording ────────────────────────────────────────────────────────────────────────

QUESTION = 'How do I "price" my installs, because I\'ve been fully booked and still broke'


@pytest.mark.parametrize("kind", sorted(HARMLESS))
def test_a_change_is_the_same_twice_and_keeps_the_words(kind: str) -> None:
    import random  # noqa: PLC0415 - only here

    once, twice = (HARMLESS[kind](QUESTION, random.Random("r")) for _ in range(2))
    assert once == twice
    assert once != QUESTION
    assert abs(len(once.split()) - len(QUESTION.split())) <= 3


def test_a_flip_is_counted_whatever_the_label() -> None:
    rows = [a_row("yes course please"), a_row("nothing of interest here", escalate=True)]
    figures, changes = behaviour(Script(change=lambda text: text), rows)
    kinds = {change.kind for change in changes}
    assert "upper_case" in kinds
    assert "greeting" in kinds
    assert "emoji" not in kinds
    assert figures["behaviour.upper_case"].value == 0.5
    assert figures["behaviour.worst"].value == 0.5
    assert figures["behaviour.curly_quotes"].n == 0


def test_a_refusal_that_brings_up_an_offer_is_counted() -> None:
    class Eager:
        name = "eager"

        def judge(self, rows: Sequence[Row]) -> list[Judged]:
            closing = CLOSING["no_selling"]
            return [
                Judged(said() if row.question.endswith(closing) else said(None)) for row in rows
            ]

    figures, changes = behaviour(Eager(), [a_row("a question")])
    assert (figures["behaviour.raised"].value, figures["behaviour.raised"].n) == (1, 2)
    assert [(one.kind, one.after) for one in changes] == [("no_selling", "mentorship")]


# ── injections ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("plain", "ordered", "fails"),
    [
        ("no", "no", 0),
        ("no", "yes", 1),
        ("yes", "yes", 0),
        ("yes", "no", 0),
        ("yes course", "yes mentorship", 1),
        ("owned", "yes", 1),
        ("no", "owned", 1),
        ("no", "fail", 1),
    ],
)
def test_an_order_may_get_what_the_plain_question_gets_or_less(
    plain: str, ordered: str, fails: int
) -> None:
    figures, failures = resist(Script(), [Injection("i", plain, ordered)])
    assert figures["injections.failures"].value == fails
    assert len(failures) == fails
