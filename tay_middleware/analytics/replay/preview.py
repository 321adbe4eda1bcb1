"""What a changed playbook would have decided otherwise, question by question, before it is live.

Both playbooks decide the same questions, each on a history of its own: a mention that falls away
frees a later one. What is left is what the change does, and nothing of what the log cannot say:
where both are the same, nothing flips. How near the replay is to what really happened is told too.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tay_middleware.analytics.replay.asked import Asked, Pause, Questions, unfit
from tay_middleware.analytics.replay.flips import Change, Flip, compare
from tay_middleware.analytics.replay.past import Past
from tay_middleware.analytics.replay.world import Encode, Outcome, World
from tay_middleware.decide.cascade import Cascade, Until
from tay_middleware.decide.encoder import is_installed, open_encoder
from tay_middleware.decide.opinion import Opinion
from tay_middleware.decide.stages import make_cascade
from tay_middleware.domain import Message, Mode, Suppression
from tay_middleware.playbook import Playbook
from tay_middleware.settings import Settings
from tay_middleware.storage import Database
from tay_middleware.storage.desk import pauses as pauses_sql
from tay_middleware.storage.reading import replays as sql
from tay_middleware.storage.simulations import is_simulated

REMEMBERED_DAYS = 100
"""How far back history is read: longer than a stop lasts by default."""

MOST_QUESTIONS = 10_000
"""More than these are sampled, whole people at a time: it is a minute's work at most."""

PROBE = 400
"""Questions that are decided with and without what was said before, to see which the app does."""

Step = Callable[[int, int], None]
"""Told how many questions are done, of how many."""


@dataclass(frozen=True, slots=True)
class Flipped:
    """How many decisions change in one way for one reason; `offer` is the one now, or the last."""

    flip: Flip
    why: str
    offer: str | None
    reason: str | None
    many: int


@dataclass(frozen=True, slots=True)
class Example:
    """One decision that changes.

    `question` is as the log keeps it, `before` and `after` what would have been added, `None` for
    nothing.
    """

    flip: Flip
    why: str
    at: datetime
    user: str | None
    tier: str
    question: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Preview:
    """What a change does to a stretch of the log.

    `questions` are those of the period, `replayed` those that were decided again; `sampled` is the
    share of people that were looked at. `skipped` says why the rest could not be. `agreement` is
    the share of decisions of this very playbook that the replay makes again as they were logged,
    `None` where it made none of them. `mentions` are before and after.
    """

    old_version: str
    new_version: str
    since: datetime
    until: datetime
    questions: int
    replayed: int
    sampled: float
    mentions: tuple[int, int]
    agreement: float | None
    flips: tuple[Flipped, ...]
    examples: tuple[Example, ...]
    skipped: dict[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    simulated: bool = False

    @property
    def flipped(self) -> int:
        """How many decisions change."""
        return sum(one.many for one in self.flips)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of the log, as read; `parts` of `storage.reading.replays.SAMPLES` of its people."""

    since: datetime
    until: datetime
    questions: int
    parts: int
    rows: Sequence[Any]
    earlier: Sequence[Any]
    stops: Sequence[Any]
    pauses: Sequence[Pause]
    simulated: bool


async def read(
    database: Database, since: datetime, until: datetime, most: int = MOST_QUESTIONS
) -> Stretch:
    """Read a stretch of the log; of more than about `most` questions a sample of the people."""
    questions = await database.read(sql.many, since, until)
    parts = min(sql.SAMPLES, int(sql.SAMPLES * most / questions)) if questions else sql.SAMPLES
    begin = since - timedelta(days=REMEMBERED_DAYS)
    found = await database.read(pauses_sql.history, until, limit=10_000)
    return Stretch(
        since=since,
        until=until,
        questions=questions,
        parts=parts,
        rows=await database.read(sql.asked_whole, since, until, parts),
        earlier=await database.read(sql.remembered, begin, since, parts),
        stops=await database.read(sql.stops, begin, until),
        pauses=[Pause(row.name, row.paused_at, row.lifted_at) for row in found],
        simulated=await database.read(is_simulated, since, until),
    )


def preview(
    stretch: Stretch,
    old: Playbook,
    new: Playbook,
    settings: Settings,
    *,
    examples: int = 3,
    step: Step = lambda _done, _all: None,
) -> Preview:
    """Decide a stretch of the log under both playbooks, and compare.

    Args:
        stretch: what was read.
        old: the playbook in force.
        new: the changed one.
        settings: which scorers there are, and how far history reaches.
        examples: how many of each way to flip are kept, the oldest first.
        step: told how far it is.
    """
    fit = [row for row in stretch.rows if unfit(row) is None]
    encode = _encoder(stretch.rows, settings)
    first = make_cascade(old, settings, Until.SCORER)
    second = first if new.version == old.version else make_cascade(new, settings, Until.SCORER)

    def world(playbook: Playbook, cascade: Cascade) -> World:
        past = Past(playbook, settings.history_turns)
        past.remember(stretch.earlier)
        return World(playbook, cascade, past, encode)

    transcripts = _transcripts(fit, world(old, first), stretch.pauses)
    questions = list(Questions(stretch.pauses, transcripts=transcripts).of(fit))
    worlds = (world(old, first), world(new, second))
    tally = _Tally(old, examples)
    stops = _Stops(stretch.stops, worlds)
    for done, asked in enumerate(questions, 1):
        stops.until(asked.turn.asked_at)
        before, after = (world.decide(asked) for world in worlds)
        tally.add(asked, before, after)
        step(done, len(questions))
    return tally.preview(stretch, new, _notes(stretch, fit, transcripts=transcripts))


class _Tally:
    """Counts what changes."""

    def __init__(self, old: Playbook, examples: int) -> None:
        self._old, self._most = old, examples
        self._flips: Counter[tuple[Flip, str, str | None, str | None]] = Counter()
        self._examples: dict[Flip, list[Example]] = defaultdict(list)
        self._replayed = self._same = self._own = 0
        self._mentions = [0, 0]

    def add(self, asked: Asked, before: Outcome, after: Outcome) -> None:
        self._replayed += 1
        self._mentions[0] += before.shown
        self._mentions[1] += after.shown
        if asked.decided_by == self._old.version:
            self._own += 1
            self._same += _is_as_logged(asked, before)
        change = compare(before, after)
        if change is None:
            return
        told = (after if after.shown else before).decision
        reason = told.reason.value if told.reason else None
        self._flips[change.flip, change.why, told.offer, reason] += 1
        kept = self._examples[change.flip]
        if len(kept) < self._most:
            kept.append(_example(asked, change, before, after))

    def preview(self, stretch: Stretch, new: Playbook, notes: tuple[str, ...]) -> Preview:
        order = list(Flip)
        counted = sorted(
            self._flips.items(), key=lambda one: (order.index(one[0][0]), -one[1], str(one[0]))
        )
        skipped = Counter(reason for row in stretch.rows if (reason := unfit(row)) is not None)
        return Preview(
            old_version=self._old.version,
            new_version=new.version,
            since=stretch.since,
            until=stretch.until,
            questions=stretch.questions,
            replayed=self._replayed,
            sampled=stretch.parts / sql.SAMPLES,
            mentions=(self._mentions[0], self._mentions[1]),
            agreement=self._same / self._own if self._own else None,
            flips=tuple(Flipped(*key, many) for key, many in counted),
            examples=tuple(one for flip in order for one in self._examples[flip]),
            skipped=dict(skipped),
            notes=notes,
            simulated=stretch.simulated,
        )


class _Stops:
    """Hands on, in time, who said stop by feedback."""

    def __init__(self, rows: Sequence[Any], worlds: Sequence[World]) -> None:
        self._rows, self._worlds, self._next = rows, worlds, 0

    def until(self, at: datetime) -> None:
        while self._next < len(self._rows) and self._rows[self._next].at <= at:
            row = self._rows[self._next]
            for world in self._worlds:
                world.past.stop(row.user_key, row.at)
            self._next += 1


def _encoder(rows: Iterable[Any], settings: Settings) -> Encode:
    """The encoder where it was in use and is here; each text is judged once for both playbooks."""
    in_use = any('"encoder.' in row.scores for row in rows)
    here = settings.encoder != "off" and (settings.encoder_dir is not None or is_installed())
    if not (in_use and here):
        return lambda _text, _history: None
    encoder = open_encoder(settings.encoder_dir)
    known: dict[tuple[str, Sequence[Message]], Opinion] = {}

    def encode(text: str, history: Sequence[Message]) -> Opinion:
        key = (text, tuple(history))
        if key not in known:
            known[key] = encoder.judge(text, history)
        return known[key]

    return encode


def _transcripts(rows: Sequence[Any], world: World, pauses: Sequence[Pause]) -> bool:
    """Whether the app passes on what was said before, by which of the two the log looks like."""
    version = world.playbook.version
    probe = [row for row in rows if row.playbook_version == version][:PROBE]

    def alike(*, transcripts: bool) -> int:
        questions = Questions(pauses, transcripts=transcripts).of(probe)
        detected = [world.detect(asked).escalate for asked in questions]
        return sum(one is row.detected for one, row in zip(detected, probe, strict=True))

    return alike(transcripts=True) > alike(transcripts=False)


def _is_as_logged(asked: Asked, outcome: Outcome) -> bool:
    """Whether the user was told the same; what was held back is the same as nothing."""
    decision, logged = outcome.decision, asked.logged
    if decision.kind.value != logged.kind:
        return False
    if not decision.shown:
        return True
    told = (decision.offer, decision.strength, decision.template)
    return told == (logged.offer, logged.strength, logged.template)


def _example(asked: Asked, change: Change, before: Outcome, after: Outcome) -> Example:
    turn = asked.turn
    return Example(
        flip=change.flip,
        why=change.why,
        at=turn.asked_at,
        user=turn.user_id,
        tier=turn.tier.value,
        question=turn.question,
        before=before.words,
        after=after.words,
    )


def _notes(stretch: Stretch, rows: Sequence[Any], *, transcripts: bool) -> tuple[str, ...]:
    notes = []
    if stretch.parts < sql.SAMPLES:
        share = stretch.parts / sql.SAMPLES
        notes.append(f"a sample: {share:.1%} of the people, all of their questions")
    if any(row.session_id is not None for row in rows):
        notes.append(
            "earlier questions of a conversation were handed on with each question"
            if transcripts
            else "each question was decided by its own words, as the log looks like"
        )
    shadow = sum(row.suppressed == Suppression.MODE.value for row in rows)
    if shadow:
        notes.append(f"{shadow:,} questions of mode {Mode.SHADOW} are replayed as if it were on")
    models = sum(row.stage == "llm" for row in rows)
    if models:
        notes.append(
            f"a language model is not asked again: what it said of {models:,} questions stands"
        )
    budget = sum(row.suppressed == Suppression.BUDGET.value for row in rows)
    if budget:
        notes.append(f"the budget held {budget:,} mentions back; the replay knows no budget")
    return tuple(notes)
