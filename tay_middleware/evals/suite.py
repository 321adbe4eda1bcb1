"""One evaluation from beginning to end: labels and tiers in, a `Run` out."""

from collections.abc import Callable, Mapping, Sequence

from tay_middleware.evals.answers import Answer, answer
from tay_middleware.evals.behaviour import behaviour
from tay_middleware.evals.conduct import Exchange, broken, checks
from tay_middleware.evals.dialogue import dialogue, results
from tay_middleware.evals.figures import count, detection, grouped, parts, share, worst_author
from tay_middleware.evals.injections import resist
from tay_middleware.evals.judges import Judge
from tay_middleware.evals.labels import (
    CONDUCT_TEST,
    CONTROL,
    DEVELOPMENT,
    OFF_TOPIC_TEST,
    QUESTIONS_TEST,
    TESTS,
    TRAFFIC,
    Labels,
)
from tay_middleware.evals.mutations import attempt
from tay_middleware.evals.play import Played, play
from tay_middleware.evals.rows import Row
from tay_middleware.evals.run import Change, Figure, Part, RowRef, Run, TierRun, TurnResult
from tay_middleware.evals.surfaces import surfaced
from tay_middleware.evals.tiers import PLAYBOOK, Tier
from tay_middleware.playbook import Playbook

SAMPLE = {"labelled": 220, OFF_TOPIC_TEST: 75, CONDUCT_TEST: 105}
"""Rows of each part that behavioural changes are made on: seven variants of each are judged live,
so this is what the time of a run goes by."""

Step = Callable[[str], None]
"""Is told what is done next."""


def evaluate(
    labels: Labels, tiers: Sequence[Tier], playbook: Playbook, step: Step = lambda _: None
) -> Run:
    """Evaluate every tier on everything that it can be evaluated on."""
    told = {tier.name: evaluate_tier(tier, labels, playbook, step) for tier in tiers}
    return as_run(labels, told, playbook, step)


def as_run(
    labels: Labels, told: Mapping[str, TierRun], playbook: Playbook, step: Step = lambda _: None
) -> Run:
    """What the tiers of a run told, with the rows and what the playbook itself is tried on."""
    files = {**labels.learned, **_tests(labels)}
    own = {}
    if labels.sentences is not None:
        step("conduct checks")
        trial = attempt(playbook, labels.sentences, surfaced(playbook))
        own[PLAYBOOK] = TierRun(figures=trial.figures(), remarks=trial.remarks())
    return Run(
        data=dict(labels.hashes),
        ours=labels.ours,
        rows=[_reference(file, row) for file, rows in files.items() for row in rows],
        tiers={**told, **own},
    )


def evaluate_tier(tier: Tier, labels: Labels, playbook: Playbook, step: Step) -> TierRun:
    """Evaluate one tier on everything that it can be evaluated on."""
    answers: list[Answer] = []
    figures: dict[str, Figure] = {}
    changes: list[Change] = []
    if tier.rows is not None and tier.live is not None and labels.files:
        step(f"{tier.name}: questions")
        answers = answer(tier.rows, labels.learned)
        if labels.ours:
            answers += answer(tier.live, _tests(labels))
        figures |= _questions(answers, labels)
        changes = _changes(tier.name, tier.live, labels, figures, step)
    turns = _turns(tier, labels, playbook, figures, step)
    groups = _parts(answers, labels)
    return TierRun(
        figures=figures,
        files=groups["files"],
        authors=groups["authors"],
        slices=groups["slices"],
        said=[one.offer for one in answers],
        scores=[round(one.score, 5) for one in answers],
        probabilities=[one.probability for one in answers],
        gates=_gates(answers),
        changes=changes,
        turns=turns[0],
        remarks=turns[1],
    )


def _tests(labels: Labels) -> dict[str, tuple[Row, ...]]:
    """The files that no scorer learns from, by name."""
    return {stem: rows for part in TESTS for stem, rows in labels.part(part).items()}


def _questions(answers: Sequence[Answer], labels: Labels) -> dict[str, Figure]:
    """Figures of labelled questions, and of each kind of row that our own labels have."""
    labelled = _of(answers, labels.part("labelled"))
    figures = detection("labelled", labelled)
    if not labels.ours:
        return figures
    figures |= detection("held_out", [one for one in labelled if one.file not in DEVELOPMENT])
    figures |= detection("traffic", [one for one in answers if one.file == TRAFFIC])
    figures["worst_author.f1"] = worst_author(parts(grouped(labelled, by="author")))
    off_topic = _of(answers, labels.part("off_topic"))
    figures["off_topic.escalations"] = share(sum(one.said for one in off_topic), len(off_topic))
    figures |= detection(QUESTIONS_TEST, _of(answers, labels.part(QUESTIONS_TEST)))
    test = _of(answers, labels.part(OFF_TOPIC_TEST))
    figures["off_topic_test.escalations"] = share(sum(one.said for one in test), len(test))
    return figures | _conduct(answers, labels)


def _conduct(answers: Sequence[Answer], labels: Labels) -> dict[str, Figure]:
    """Mentions where none may be, in every forbidden slice; and controls that were found."""
    learned = _of(answers, labels.learned)
    test = _of(answers, labels.part(CONDUCT_TEST))
    controls = [one for one in test if one.row.escalate]
    figures = {
        "forbidden.mentions": _mentions(learned, labels),
        "conduct_test.mentions": _mentions(test, labels),
        "conduct_test.controls_found": share(sum(one.said for one in controls), len(controls)),
    }
    for prefix, answered in (("forbidden", learned), ("conduct_test", test)):
        slices = _by_slice(answered, labels)
        for name in labels.slices.forbidden:
            figures[f"{prefix}.{name}"] = _mentions(slices.get(name, []), labels)
    return figures


def _mentions(answers: Sequence[Answer], labels: Labels) -> Figure:
    own = [one for one in answers if labels.slices.is_forbidden(one.row)]
    return count(sum(one.said for one in own), len(own))


def _changes(
    name: str, live: Judge, labels: Labels, figures: dict[str, Figure], step: Step
) -> list[Change]:
    if not labels.ours:
        return []
    step(f"{name}: changes of wording")
    flips, changes = behaviour(live, sample(labels))
    step(f"{name}: injections")
    resisted, failures = resist(live, labels.injections)
    figures.update(flips | resisted)
    return changes + failures


def sample(labels: Labels) -> list[Row]:
    """The rows that behavioural changes are made on: even steps through each part.

    Of labelled questions as many that escalate as not; of conduct messages those controls alone
    that deserve an offer.
    """
    chosen: list[Row] = []
    for part, most in SAMPLE.items():
        rows = [row for own in labels.part(part).values() for row in own]
        if part == CONDUCT_TEST:
            rows = [row for row in rows if CONTROL in row.slices and row.escalate]
        for wanted in (True, False):
            own = [row for row in rows if row.escalate is wanted]
            half = most // 2 if part == "labelled" else most
            chosen += own[:: max(1, len(own) // half)][:half]
    return chosen


def _turns(
    tier: Tier, labels: Labels, playbook: Playbook, figures: dict[str, Figure], step: Step
) -> tuple[list[TurnResult], list[str]]:
    """Play all conversations; the results, and what the conduct checks say of woven replies."""
    turns: list[TurnResult] = []
    broke: list[list[str]] = []
    if tier.turns is None:
        return turns, []
    for conversations in labels.conversations:
        step(f"{tier.name}: {conversations.name}")
        played = play(conversations, playbook, tier.turns)
        turns += results(played, conversations)
        broke += _conduct_of(played, playbook)
    if turns:
        shown = sum(one.shown for one in turns)
        figures.update(dialogue(turns))
        figures["conversations.conduct_broken"] = count(len(broke), shown)
    return turns, [remark for remarks in broke for remark in remarks]


def _conduct_of(played: Sequence[Played], playbook: Playbook) -> list[list[str]]:
    """One list of remarks for each mention that breaks anything."""
    rules = checks(playbook)
    told = []
    for one in played:
        if not one.shown or one.addition is None:
            continue
        reply, woven = one.turn.reply, one.turn.reply + one.addition
        found = broken(Exchange(reply, woven, woven, woven, one.addition.strip(), None), rules)
        if found:
            told.append([f"{one.turn.key}: {name}" for name in found])
    return told


def _parts(answers: Sequence[Answer], labels: Labels) -> dict[str, dict[str, Part]]:
    labelled = _of(answers, labels.part("labelled"))
    return {
        "files": parts(grouped(answers, by="file")),
        "authors": parts(grouped(labelled, by="author")),
        "slices": parts(dict(sorted(_by_slice(answers, labels).items()))),
    }


def _of(answers: Sequence[Answer], files: Mapping[str, object]) -> list[Answer]:
    return [one for one in answers if one.file in files]


def _by_slice(answers: Sequence[Answer], labels: Labels) -> dict[str, list[Answer]]:
    slices: dict[str, list[Answer]] = {}
    for one in answers:
        for name in labels.slices.of(one.row):
            slices.setdefault(name, []).append(one)
    return slices


def _gates(answers: Sequence[Answer]) -> dict[str, tuple[int, int]]:
    """Gate → rows that it closed on: those that should not escalate, those that should."""
    closed: dict[str, list[int]] = {}
    for one in answers:
        for gate in () if one.judged.detection is None else one.judged.detection.gates:
            closed.setdefault(gate, [0, 0])[one.row.escalate] += 1
    return {gate: (both[0], both[1]) for gate, both in sorted(closed.items())}


def _reference(file: str, row: Row) -> RowRef:
    return RowRef(
        id=row.id,
        file=file,
        author=row.author,
        family=row.family,
        escalate=row.escalate,
        offer=row.offer,
    )
