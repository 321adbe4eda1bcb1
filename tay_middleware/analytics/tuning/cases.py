"""From rows of the log to cases: at which thresholds a question escalates, and what then holds it.

A row keeps the probability that decided, and what became of it. So for each question there is one
number, its `score`: it escalates at every threshold up to it, and at none above. A wish to buy and
a language model's word do not depend on the threshold; what a gate closed never escalates. What is
not in the log is not made up: whether policy would have let a question pass on which no need was
found is `unknown` (see `replay`).
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID
from zlib import crc32

import orjson

from tay_middleware.decide.assign import bucket
from tay_middleware.domain import Kind, Reason, ReplyStatus, Suppression
from tay_middleware.playbook import Playbook
from tay_middleware.playbook.cascade import StageRule

ALWAYS, NEVER = math.inf, -math.inf
"""Scores of what escalates at any threshold, and at none."""


class Knob(StrEnum):
    """The thresholds of `policy.yaml` that a replay may move, one at a time."""

    KEYWORDS = "keywords"
    SCORER = "scorer"
    ENCODER = "encoder"

    @property
    def path(self) -> tuple[str, ...]:
        """Where it stands in `policy.yaml`."""
        if self is Knob.KEYWORDS:
            return ("threshold", "min_score")
        return ("cascade", self.value, "threshold")

    @property
    def step(self) -> float:
        """How finely it is set: points of the keyword stage, probabilities of the others."""
        return 0.01 if self is Knob.KEYWORDS else 0.001


GATES = "gates"
"""What decided a question behind a closed gate; no threshold opens it."""

KNOBS = {knob.value: knob for knob in Knob}
"""By what a row was decided → the threshold that did it; there is none for `llm` and `gates`."""


class Fate(StrEnum):
    """What policy makes of a question once it escalates, the cool-down aside.

    `HELD_LATER`: by what comes after the cool-down. `LATER`: all before the cool-down let it pass,
    and what comes after was not asked. `UNKNOWN`: nothing was asked, for no need was found.
    """

    PASSES = "passes"
    HELD = "held"
    HELD_LATER = "held_later"
    HOLDOUT = "holdout"
    LATER = "later"
    UNKNOWN = "unknown"


class Case(NamedTuple):
    """One logged question, ready to be replayed; times in seconds since 1970.

    `session` tells conversations of one user apart. `lifts` marks a wish to buy, which lifts the
    cool-down. `counts` is false in rows before the period, which only the cool-down looks at.
    `chance` in [0, 1) is the question's own, the same in every replay.
    """

    id: UUID
    user: str | None
    session: str | None
    asked: float
    answered: float
    score: float
    fate: Fate
    lifts: bool
    detected: bool
    shown: bool
    knob: Knob | None
    counts: bool = True
    chance: float = 0.0


_CAUSES: Mapping[str | None, Fate] = {
    Suppression.HOLDOUT: Fate.HOLDOUT,
    Suppression.BUDGET: Fate.HELD_LATER,
    Suppression.ALREADY_MENTIONED: Fate.HELD_LATER,
    Suppression.UNWEAVABLE: Fate.HELD_LATER,
    Suppression.DEGRADED: Fate.HELD_LATER,
}
"""Fates by the logged cause; every other one is `HELD`."""


def live_threshold(playbook: Playbook, knob: Knob) -> float:
    """What the playbook says now."""
    policy = playbook.policy
    if knob is Knob.KEYWORDS:
        return policy.threshold.min_score
    return (
        policy.cascade.scorer.threshold if knob is Knob.SCORER else policy.cascade.encoder.threshold
    )


class Reader:
    """Reads rows of `storage.reading.replays.scored` by the rules of the playbook behind them."""

    def __init__(self, playbook: Playbook, knob: Knob, *, shadow: bool = False) -> None:
        """Make a reader.

        Args:
            playbook: the rules.
            knob: the threshold that is moved.
            shadow: whether mentions were switched off as such; they are read as if they were on.
        """
        self._knob, self._shadow = knob, shadow
        self._live = live_threshold(playbook, knob)
        self._playbook = playbook
        cascade = playbook.policy.cascade
        self._rules = {Knob.SCORER: cascade.scorer, Knob.ENCODER: cascade.encoder}
        groups = playbook.indicators.groups
        self._counting = frozenset(name for name, group in groups.items() if group.counts)
        self._kinds = {
            kind: frozenset(name for name, group in groups.items() if group.kind == kind)
            for kind in ("personal", "business")
        }

    def case(self, row: Any, *, counts: bool, own_version: bool = True) -> Case:
        """The case of a row.

        Args:
            row: of `storage.reading.replays.scored`.
            counts: whether it lies in the period.
            own_version: whether this very playbook decided it; else nothing is inferred from what
                was decided, and its score is the plain probability.
        """
        knob = KNOBS.get(row.decided_by)
        score = self._score(row, knob, own_version=own_version)
        lifts = bool(row.detected and row.reason == Reason.PURCHASE_INTENT.value)
        fate = self._fate(row)
        return Case(
            id=row.id,
            user=row.user_key,
            session=row.session_id,
            asked=row.created_at.timestamp(),
            answered=row.answered_at.timestamp(),
            score=score,
            fate=fate,
            lifts=lifts,
            detected=row.detected,
            shown=row.shown,
            knob=knob,
            counts=counts,
            chance=crc32(row.id.bytes) / _CRCS,
        )

    def _score(self, row: Any, knob: Knob | None, *, own_version: bool) -> float:
        if row.decided_by == GATES or row.kind in _OURSELVES:
            return NEVER
        if knob is not self._knob or row.reason == Reason.PURCHASE_INTENT.value:
            return ALWAYS if row.detected else NEVER
        if knob is Knob.KEYWORDS:
            score = self._by_keywords(row)
        else:
            score = self._by_scorer(row, knob, own_version=own_version)
        return self._as_logged(score, detected=row.detected) if own_version else score

    def _as_logged(self, score: float, *, detected: bool) -> float:
        """The log is right: probabilities are kept with four digits, and were compared in full."""
        if detected:
            return max(score, self._live)
        just_below: float = math.nextafter(self._live, NEVER)
        return min(score, just_below)

    def _by_keywords(self, row: Any) -> float:
        scores = orjson.loads(row.scores)
        if row.need or self._satisfies_the_brief(row, scores):
            return float(scores.get("total", 0.0))
        return NEVER

    def _by_scorer(self, row: Any, knob: Knob, *, own_version: bool) -> float:
        """`decide.combine` turned round: at which thresholds the probability is enough.

        Where the phrases agree `agreed` is enough; a mere follow-up needs `follow_up` as well. What
        of the two a question was is read from what was decided.
        """
        rule, found = self._rules[knob], row.confidence
        if found is None:
            return NEVER
        if not own_version:
            return float(found)
        if not row.need:
            return NEVER if rule.threshold <= found < rule.follow_up else float(found)
        agreed = found < rule.threshold or self._phrases_agree(row, rule)
        return ALWAYS if agreed and found >= rule.agreed else float(found)

    def _phrases_agree(self, row: Any, rule: StageRule) -> bool:
        """`decide.combine.agrees`, of what was logged."""
        scores = orjson.loads(row.scores)
        enough = scores.get("total", 0.0) >= self._playbook.policy.threshold.min_score
        return enough and rule.has_agreeing(scores) and self._satisfies_the_brief(row, scores)

    def _satisfies_the_brief(self, row: Any, scores: Mapping[str, float]) -> bool:
        """Two or more indicators, or business context with personal language, as they were logged.

        A wording without points counts where its group was full already: a negated one in a full
        group, which does not, looks the same.
        """
        offers = [name for name in self._playbook.offers if scores.get(name, 0.0) > 0]
        if not offers:
            return False
        best = max(offers, key=lambda name: scores[name])
        worth = self._playbook.offers[best].evidence
        threshold = self._playbook.policy.threshold
        found = orjson.loads(row.indicators) if row.indicators else []
        counted = sum(
            group in self._counting and worth.get(group, 0.0) > 0
            for group in self._counted(found, scores)
        )
        if counted >= threshold.indicators:
            return True
        groups = {name.removeprefix("group.") for name in scores if name.startswith("group.")}
        return threshold.business_and_personal and not (
            self._kinds["personal"].isdisjoint(groups) or self._kinds["business"].isdisjoint(groups)
        )

    def _counted(self, found: Sequence[Any], scores: Mapping[str, float]) -> Iterator[str]:
        """The group of each wording that counts."""
        spans = [(start, end) for _, _, start, end, weight in found if weight > 0]
        for group, _, start, end, weight in found:
            known = self._playbook.indicators.groups.get(group)
            full = known is not None and scores.get(f"group.{group}", 0.0) >= known.cap
            if weight > 0 or (full and not any(one < end and start < last for one, last in spans)):
                yield group

    def _fate(self, row: Any) -> Fate:
        if not row.detected:
            fate = Fate.UNKNOWN if row.status == ReplyStatus.REPLIED.value else Fate.HELD
        elif row.shown:
            return Fate.PASSES
        elif self._shadow and row.suppressed == Suppression.MODE.value:
            fate = Fate.UNKNOWN
        elif row.suppressed == Suppression.COOLDOWN.value:
            fate = _cooled(row)
        else:
            return _CAUSES.get(row.suppressed, Fate.HELD)
        if fate is not Fate.HELD and self._held_out(row.user_key):
            return Fate.HOLDOUT
        return fate

    def _held_out(self, user: str | None) -> bool:
        holdout = self._playbook.policy.holdout
        return user is not None and holdout.share > 0 and bucket(holdout.seed, user) < holdout.share


def _cooled(row: Any) -> Fate:
    """What held it: the cool-down, or the wordings, of which only the last was left to her.

    Whom erasing took away has no other turns that a cool-down could be made of.
    """
    if row.user_key is None:
        return Fate.HELD
    return Fate.LATER if row.template is not None else Fate.HELD_LATER


_CRCS = 1 << 32

_OURSELVES = frozenset({Kind.ACKNOWLEDGEMENT.value, Kind.EXPLANATION.value})
