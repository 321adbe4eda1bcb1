"""Finding the threshold of a rate; each threshold is replayed once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tay_middleware.analytics.tuning.cases import ALWAYS, NEVER, Knob
from tay_middleware.analytics.tuning.replay import Replay

NEIGHBOURS = 2
"""Steps to either side of the crossing that are looked at too: a cool-down makes rates uneven."""


@dataclass(frozen=True, slots=True)
class Reach:
    """The rates that any threshold comes to: from asking for everything to asking for nothing."""

    least: float
    most: float


class Search:
    """Looks for thresholds, in steps of the knob, between one step and the highest score."""

    def __init__(self, replay: Replay, knob: Knob) -> None:
        finite = [case.score for case in replay.cases if case.counts and abs(case.score) != ALWAYS]
        self._replay = replay
        self._step = knob.step
        self._highest = max(1, int(max(finite, default=0.0) / knob.step) + 1)
        self._seen: dict[float, Sequence[int]] = {}

    def shown(self, threshold: float) -> Sequence[int]:
        """The places of the questions that get a mention."""
        if threshold not in self._seen:
            self._seen[threshold] = self._replay.shown(threshold)
        return self._seen[threshold]

    def rate(self, threshold: float) -> float:
        """Mentions ÷ questions."""
        return len(self.shown(threshold)) / max(1, self._replay.questions)

    @property
    def reach(self) -> Reach:
        """What can be reached at all."""
        return Reach(self.rate(self._at(self._highest)), self.rate(self._at(1)))

    def nearest(self, rate: float) -> float:
        """The threshold whose rate is nearest; of equals the highest."""
        low, high = self._bracket(rate)
        while low < high:
            middle = (low + high) // 2
            if self.rate(self._at(middle)) > rate:
                low = middle + 1
            else:
                high = middle
        around = range(max(1, low - NEIGHBOURS), min(self._highest, low + NEIGHBOURS) + 1)
        return min(
            (self._at(one) for one in around),
            key=lambda threshold: (abs(self.rate(threshold) - rate), -threshold),
        )

    def _bracket(self, rate: float) -> tuple[int, int]:
        """Steps between which a rate is crossed.

        The cool-down only takes away: without it, the score at the rate's place is high enough.
        """
        place = int(rate * self._replay.questions)
        scores = self._replay.scores
        score = scores[place] if place < len(scores) else 0.0
        high = self._highest if score == ALWAYS else int(score / self._step) + 1
        high = min(self._highest, max(1, high))
        width = 8
        while high - width > 1 and self.rate(self._at(high - width)) <= rate:
            high, width = high - width, 2 * width
        return max(1, high - width), high

    def beside(self, live: float, times: Sequence[float]) -> list[float]:
        """Thresholds of about so many times the mentions of `live`, without a search.

        By the scores of what would be shown, the cool-down aside; what cannot be reached is left
        out.
        """
        shown = self.shown(live)
        found = []
        for scores, many in self._rankings(shown, live, times):
            if 0 <= many < len(scores):
                steps = int(scores[many] / self._step)
                found.append(self._at(min(max(steps, 1), self._highest)))
        return found

    def _rankings(
        self, shown: Sequence[int], live: float, times: Sequence[float]
    ) -> Iterator[tuple[Sequence[float], int]]:
        """Scores, falling, and at which place of them a threshold leaves so many mentions."""
        cases = self._replay.cases
        now = sorted((cases[at].score for at in shown if cases[at].score < ALWAYS), reverse=True)
        below = [case.score for case in cases if case.counts and NEVER < case.score < live]
        lower = sorted(below, reverse=True)
        for one in times:
            if one < 1:
                yield now, len(now) - round((1 - one) * len(shown))
            else:
                yield lower, round((one - 1) * len(shown) / max(self._replay.passing.unknown, 0.01))

    def at_most(self, rate: float) -> float | None:
        """The lowest threshold around a rate that does not exceed it; `None` where none does."""
        begin = round(self.nearest(rate) / self._step)
        ahead = range(begin, self._highest + 1)
        return next((self._at(one) for one in ahead if self.rate(self._at(one)) <= rate), None)

    def _at(self, steps: int) -> float:
        return round(steps * self._step, 6)
