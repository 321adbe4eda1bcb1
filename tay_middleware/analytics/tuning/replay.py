"""What would have been shown at another threshold: the cool-down made again, user by user.

A mention that falls away lets a later one through, and a new one holds a later one back; so turns
are replayed in their order, with the rule of `policy.yaml` as the store grants it. What the log
cannot say of a question on which no need was found is filled in by the share of found needs that
were let through; whether it is this question or another is drawn by its id, the same every time.
"""

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from tay_middleware.analytics.tuning.cases import NEVER, Case, Fate
from tay_middleware.playbook import Policy

HOUR_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class Passing:
    """The shares that stand in for what the log does not say; each of them from 0 to 1.

    `unknown` of questions on which no need was found, `later` of those that the cool-down held.
    """

    unknown: float
    later: float

    @classmethod
    def of(cls, cases: Iterable[Case], follow_ups: float = 0.0) -> "Passing":
        """The shares among the needs that were found; 1 where there are none.

        `follow_ups` is the share of questions that no threshold helps (see `follow_up` in
        `policy.yaml`).
        """
        found = Counter(case.fate for case in cases if case.detected and case.score > NEVER)
        shown, after = found[Fate.PASSES], found[Fate.HELD_LATER]
        asked = shown + after + found[Fate.HELD]
        return cls(
            unknown=(1 - follow_ups) * (shown / asked if asked else 1.0),
            later=shown / (shown + after) if shown + after else 1.0,
        )


class _Place(NamedTuple):
    """A question that may be shown, with all that the cool-down asks of it.

    `passed_before` counts the turns of its conversation that were complete when it was asked, and
    `passed_with` those begun when its own reply was complete: what lies between two such numbers
    are the turns that passed (see `storage.turns.spacing`). `visit` is the conversation with the
    time at which its visit began (see `visits`).
    """

    at: int
    score: float
    asked: float
    visit: tuple[str | None, float]
    passed_before: int
    passed_with: int
    lifts: bool
    fixed: bool


class Replay:
    """Cases made ready once, to be replayed at many thresholds; immutable."""

    def __init__(self, cases: Sequence[Case], policy: Policy, passing: Passing) -> None:
        """Make them ready.

        Args:
            cases: in the order of their ids.
            policy: the cool-down in force.
            passing: what stands in for what is not in the log.
        """
        self.cases, self.passing = cases, passing
        self.questions = sum(case.counts for case in cases)
        self._turns = policy.cooldown.session_turns
        self._pause = policy.visit_pause_hours * HOUR_SECONDS
        self._caps = [(cap.hours * HOUR_SECONDS, cap.most) for cap in policy.cooldown.caps]
        by_user: dict[str, list[int]] = defaultdict(list)
        self._alone: list[_Place] = []
        for at, case in enumerate(cases):
            if case.user is not None:
                by_user[case.user].append(at)
            elif case.counts and _may_pass(case, passing):
                self._alone.append(_place(at, case, case.asked, 0, 0))
        self._users = [
            (max(place.score for place in places), places)
            for own in by_user.values()
            if (places := list(self._places(own, passing)))
        ]

    @cached_property
    def scores(self) -> Sequence[float]:
        """The scores of all that may be shown in the period, falling."""
        users = (place.score for _, own in self._users for place in own if not place.fixed)
        return sorted((*(place.score for place in self._alone), *users), reverse=True)

    def shown(self, threshold: float) -> list[int]:
        """The places in `cases` of the questions that get a mention, those of the period alone."""
        found = [place.at for place in self._alone if place.score >= threshold]
        for highest, places in self._users:
            if highest >= threshold:
                found += self._of_user(places, threshold)
        found.sort()
        return found

    def _places(self, own: list[int], passing: Passing) -> Iterator[_Place]:
        """What may be shown of one user's turns, in the order in which they were asked."""
        own.sort(key=lambda at: (self.cases[at].asked, self.cases[at].answered))
        turns: dict[str | None, list[Case]] = defaultdict(list)
        for at in own:
            turns[self.cases[at].session].append(self.cases[at])
        alone: dict[str | None, tuple[list[float], list[float]]] = {}
        last: dict[str | None, float] = {}
        began: dict[str | None, float] = {}
        for at in own:
            case = self.cases[at]
            if case.asked - last.get(case.session, NEVER) >= self._pause:
                began[case.session] = case.asked
            last[case.session] = case.asked
            if not (_may_pass(case, passing) if case.counts else case.shown):
                continue
            if case.session not in alone:
                alone[case.session] = _undisturbed(turns[case.session])
            begun, ended = alone[case.session]
            before = bisect_left(ended, case.asked)
            with_it = bisect_right(begun, case.answered)
            yield _place(at, case, began[case.session], before, with_it)

    def _of_user(self, places: Sequence[_Place], threshold: float) -> list[int]:
        shown: list[int] = []
        mentions: list[float] = []
        last: dict[tuple[str | None, float], int] = {}
        for place in [one for one in places if one.score >= threshold or one.fixed]:
            if not (place.lifts or place.fixed) and self._cools(place, mentions, last):
                continue
            mentions.append(place.asked)
            last[place.visit] = max(place.passed_with, last.get(place.visit, 0))
            if not place.fixed:
                shown.append(place.at)
        return shown

    def _cools(
        self, place: _Place, mentions: list[float], last: dict[tuple[str | None, float], int]
    ) -> bool:
        if not mentions:
            return False
        since = last.get(place.visit)
        if since is not None and place.passed_before - since < self._turns:
            return True
        return any(
            len(mentions) - bisect_right(mentions, place.asked - seconds) >= most
            for seconds, most in self._caps
        )


def _may_pass(case: Case, passing: Passing) -> bool:
    """Whether nothing but threshold and cool-down is between a question and its mention."""
    if case.score == NEVER:
        return False
    if case.fate is Fate.PASSES:
        return True
    if case.fate is Fate.LATER:
        return case.chance < passing.later
    return case.fate is Fate.UNKNOWN and case.chance < passing.unknown


def _place(at: int, case: Case, began: float, before: int, with_it: int) -> _Place:
    return _Place(
        at=at,
        score=case.score,
        asked=case.asked,
        visit=(case.session, began),
        passed_before=before,
        passed_with=with_it,
        lifts=case.lifts,
        fixed=not case.counts,
    )


def _undisturbed(turns: Sequence[Case]) -> tuple[list[float], list[float]]:
    """When the turns of a conversation that overlap no other began and ended, in order.

    They are the ones that count as passed (`storage.turns.spacing.turns_passed`), whatever the
    mention.
    """
    begun: list[float] = []
    ended: list[float] = []
    busy_until = NEVER
    for at, turn in enumerate(turns):
        following = turns[at + 1].asked if at + 1 < len(turns) else None
        if turn.asked > busy_until and (following is None or following > turn.answered):
            begun.append(turn.asked)
            ended.append(turn.answered)
        busy_until = max(busy_until, turn.answered)
    return begun, ended
