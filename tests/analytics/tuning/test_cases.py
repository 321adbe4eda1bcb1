"""What a row says of other thresholds is what the cascade says under them."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from tay_middleware.analytics.tuning.cases import Case, Knob, Reader
from tay_middleware.analytics.tuning.judge import judge
from tay_middleware.decide.cascade import Cascade, Until
from tay_middleware.decide.stages import make_cascade
from tay_middleware.domain import Detection, Message
from tay_middleware.evals.rows import Row, read_rows
from tay_middleware.playbook import Playbook, load_playbook
from tay_middleware.settings import Settings
from tests.builders import NOON
from tests.uncounted import at_scale

pytestmark = pytest.mark.scale

DATA = Path(__file__).resolve().parents[3] / "evals" / "data"
LIVE = load_playbook().policy.cascade.scorer.threshold
RAISED, LOWERED = (LIVE + 0.02, LIVE + 0.1, 0.6, 0.9), (0.05, LIVE - 0.1)


@pytest.fixture(scope="module")
def questions() -> list[Row]:
    """Questions of an author whom no scorer has seen, short follow-ups among them."""
    rows = list(read_rows(DATA / "questions_test.jsonl"))[:120]
    said = (Message("user", "how do i price a lace front install"),)
    follow = [replace(row, question="and how long would that take", history=said) for row in rows]
    return [*rows, *follow[:10]]


def at(playbook: Playbook, threshold: float, settings: Settings, knob: Knob) -> Cascade:
    """The stages under another threshold."""
    policy = playbook.policy
    if knob is Knob.KEYWORDS:
        rule = policy.threshold.model_copy(update={"min_score": threshold})
        changed = policy.model_copy(update={"threshold": rule})
    else:
        scorer = policy.cascade.scorer.model_copy(update={"threshold": threshold})
        cascade = policy.cascade.model_copy(update={"scorer": scorer})
        changed = policy.model_copy(update={"cascade": cascade})
    until = Until.KEYWORDS if knob is Knob.KEYWORDS else Until.SCORER
    return make_cascade(replace(playbook, policy=changed), settings, until)


def a_row(number: int, found: Detection, version: str) -> Any:
    """As `storage.reading.replays.scored` reads what the engine writes."""
    shown = found.escalate
    by_scorer = "scorer.escalate" in found.scores
    return SimpleNamespace(
        id=UUID(int=number),
        user_key="u",
        session_id="s",
        created_at=NOON,
        answered_at=NOON + timedelta(seconds=1),
        need=found.need,
        detected=found.escalate,
        shown=shown,
        suppressed=None,
        kind="mention" if shown else "none",
        offer=found.offer if shown else None,
        reason=found.reason.value if shown and found.reason else None,
        template=None,
        stage=found.stage.value,
        confidence=found.confidence,
        status="replied",
        playbook_version=version,
        decided_by="gates" if found.gates else "scorer" if by_scorer else "keywords",
        scores=json.dumps(dict(found.scores)),
        indicators=json.dumps(
            [[one.group, one.phrase, one.start, one.end, one.weight] for one in found.indicators]
        ),
    )


def read(
    playbook: Playbook, questions: list[Row], settings: Settings, knob: Knob, live: float
) -> Iterator[tuple[Row, Detection, Case]]:
    cascade = at(playbook, live, settings, knob)
    until = Until.KEYWORDS if knob is Knob.KEYWORDS else Until.SCORER
    reader = Reader(playbook, knob)
    for number, row in enumerate(questions):
        found = cascade.detect(row.question, row.history, until=until)
        yield row, found, reader.case(a_row(number, found, playbook.version), counts=True)


@at_scale
def test_a_higher_threshold_of_the_scorer_finds_what_the_score_says(
    playbook: Playbook, questions: list[Row], settings: Settings
) -> None:
    cascades = {one: at(playbook, one, settings, Knob.SCORER) for one in (LIVE, *RAISED)}
    needs = 0
    for row, _, case in read(playbook, questions, settings, Knob.SCORER, LIVE):
        for threshold, cascade in cascades.items():
            truth = cascade.detect(row.question, row.history, until=Until.SCORER).escalate
            assert (case.score >= threshold) is truth, (row.question, threshold)
            needs += truth
    assert needs > 100


@at_scale
def test_a_lower_one_too_but_for_what_only_follows_up(
    playbook: Playbook, questions: list[Row], settings: Settings
) -> None:
    for threshold in LOWERED:
        cascade = at(playbook, threshold, settings, Knob.SCORER)
        for row, _, case in read(playbook, questions, settings, Knob.SCORER, LIVE):
            truth = cascade.detect(row.question, row.history, until=Until.SCORER)
            if (case.score >= threshold) is not truth.escalate:
                assert cascade.detector.detect(row.question, row.history).follows


@pytest.mark.parametrize("threshold", [0.6, 0.9, 1.2, 2.0])
def test_points_of_the_keyword_stage_are_replayed_both_ways(
    playbook: Playbook, questions: list[Row], settings: Settings, threshold: float
) -> None:
    cascade = at(playbook, threshold, settings, Knob.KEYWORDS)
    different = total = 0
    for row, _, case in read(playbook, questions, settings, Knob.KEYWORDS, 1.2):
        truth = cascade.detect(row.question, row.history, until=Until.KEYWORDS).escalate
        different += (case.score >= threshold) is not truth
        total += 1
    # A negated wording in a full group looks like one that counts.
    assert different <= 0.015 * total


@pytest.mark.parametrize("threshold", [0.1, LIVE, 0.6])
def test_labelled_questions_are_judged_at_any_threshold(
    playbook: Playbook, questions: list[Row], settings: Settings, threshold: float
) -> None:
    cascade = at(playbook, threshold, settings, Knob.SCORER)
    for row, found in zip(
        questions, judge(questions, playbook, settings, Knob.SCORER), strict=True
    ):
        truth = cascade.detect(row.question, row.history, until=Until.SCORER).escalate
        assert (found.score >= threshold) is truth, row.question
        assert found.escalate is row.escalate


@pytest.mark.parametrize("threshold", [0.7, 0.9])
def test_phrases_agree_by_all_the_groups_that_the_stage_asks_for(
    playbook: Playbook, settings: Settings, threshold: float
) -> None:
    """Asked of the log and of labelled questions, and held against the cascade itself."""
    plain = read_rows(DATA / "questions_pa.jsonl")
    questions = [*list(read_rows(DATA / "questions_b.jsonl"))[:60], *plain]
    strict = agreeing_by(playbook, "personal", "strategic")
    cascade = at(strict, threshold, settings, Knob.SCORER)
    judged = judge(questions, strict, settings, Knob.SCORER)
    dropped = agreed = 0
    read_ones = read(strict, questions, settings, Knob.SCORER, LIVE)
    for (row, found, case), labelled in zip(read_ones, judged, strict=True):
        truth = cascade.detect(row.question, row.history, until=Until.SCORER).escalate
        assert (case.score >= threshold) is truth, row.question
        assert (labelled.score >= threshold) is truth, row.question
        dropped += found.escalate and not truth
        agreed += truth and (found.confidence or 0.0) < threshold
    assert dropped > 0
    assert agreed > 0


def agreeing_by(playbook: Playbook, *groups: str) -> Playbook:
    """The scorer asks for these groups, as the encoder does."""
    policy = playbook.policy
    scorer = policy.cascade.scorer.model_copy(update={"agreed_by": groups})
    cascade = policy.cascade.model_copy(update={"scorer": scorer})
    return replace(playbook, policy=policy.model_copy(update={"cascade": cascade}))


def test_another_version_is_taken_at_its_plain_probability(playbook: Playbook) -> None:
    likely = LIVE + 0.05
    found = Detection(
        escalate=False,
        need=False,
        offer=None,
        reason=None,
        stage="model",  # type: ignore[arg-type]  # as it is logged
        scores={"scorer.escalate": likely},
        confidence=likely,
    )
    reader = Reader(playbook, Knob.SCORER)
    row = a_row(1, replace(found, stage=SimpleNamespace(value="model")), "old")  # type: ignore[arg-type]  # the same
    assert reader.case(row, counts=True, own_version=False).score == likely
    assert reader.case(row, counts=True).score < 0, f"a need from {LIVE} on"
