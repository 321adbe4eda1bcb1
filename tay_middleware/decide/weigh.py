"""What the phrases found are worth: points per group, with negation, overlaps and caps applied.

One stretch of text is evidence once; one wording counts once however often it is repeated; a group
adds at most its cap. So neither length nor repetition makes a score.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tay_middleware.decide.normalise import CLAUSE_ENDS, Window
from tay_middleware.decide.reading import Found, Part, Reading
from tay_middleware.domain import Indicator
from tay_middleware.playbook.evidence import Indicators

NEGATION_REACH = 4
"""Words after a negator within which an indicator of its clause is dropped."""


@dataclass(frozen=True, slots=True)
class Weighed:
    """The evidence of one question.

    `points` holds each group that added something; `wordings` how many distinct wordings of it
    count; `taken` what dampers take from every offer. `indicators` are the distinct wordings found,
    in order, with what each added to its group: 0.0 when a negation, an overlap or the cap took it.
    """

    points: Mapping[str, float]
    wordings: Mapping[str, int]
    taken: float
    indicators: tuple[Indicator, ...]


@dataclass(frozen=True, slots=True)
class _Measure:
    """A group or damper as plain values: this is read for every phrase found."""

    weight: float
    cap: float
    negatable: bool = True
    alone: bool = False
    unless: tuple[str, ...] = ()


def is_negated(found: Found, reading: Reading) -> bool:
    """Whether a negator stands within reach before what was found, in the same clause."""
    ends = sorted(end for _, end, _ in reading.of(Part.NEGATOR))
    return _negated(found[0], ends, reading.window)


class Scale:
    """Weighs readings by the groups and dampers of one playbook; immutable."""

    def __init__(self, indicators: Indicators) -> None:
        self._groups = {
            name: _Measure(
                group.weight, group.cap, group.negatable, group.kind.startswith("purchase")
            )
            for name, group in indicators.groups.items()
        }
        self._dampers = {
            name: _Measure(damper.weight, damper.cap, unless=damper.unless)
            for name, damper in indicators.dampers.items()
        }

    def weigh(self, reading: Reading) -> Weighed:
        """Weigh what was found in one question."""
        found = reading.of(Part.GROUP)
        window = reading.window
        covered = self._covered(found)
        negators = self._negators(reading, found, covered)
        points: dict[str, float] = {}
        wordings: dict[str, int] = {}
        counted: set[tuple[str, str]] = set()
        listed: dict[tuple[str, str], Indicator] = {}
        for at, (start, end, sense) in enumerate(found):
            name = sense.name
            key = (name, window.literal[start:end])
            if key in counted:
                continue
            group, added = self._groups[name], 0.0
            negated = negators and group.negatable and _negated(start, negators, window)
            if at not in covered and not negated:
                held = points.get(name, 0.0)
                added = min(group.weight, group.cap - held)
                points[name] = held + added
                wordings[name] = wordings.get(name, 0) + 1
                counted.add(key)
            elif key in listed:
                continue
            first, last = window.span(start, end)
            listed[key] = Indicator(name, key[1], first, last, added)
        taken = self._taken(reading, negators, points)
        return Weighed(points, wordings, taken, tuple(listed.values()))

    def _covered(self, found: Sequence[Found]) -> set[int]:
        """Indices of the hits that lose to others which they share characters with."""
        covered: set[int] = set()
        for cluster in _clusters(found):
            rivals = [at for at in cluster if not self._groups[found[at][2].name].alone]
            if len(rivals) > 1:
                covered.update(set(rivals) - self._heaviest(found, rivals))
        return covered

    def _heaviest(self, found: Sequence[Found], rivals: list[int]) -> set[int]:
        """Those of `rivals` that share no character and weigh most together.

        Of two such sets that weigh the same, the one of fewer, then of longer phrases. Weighted
        interval scheduling, in n log n.
        """
        rivals.sort(key=lambda at: (found[at][1], -found[at][0]))
        ends = [found[at][1] for at in rivals]
        best = [(0.0, 0, 0)]
        rooms: list[int] = []
        for place, at in enumerate(rivals):
            start, end, sense = found[at]
            room = bisect_right(ends, start, 0, place)
            rooms.append(room)
            weight, fewer, covered = best[room]
            weight += self._groups[sense.name].weight
            best.append(max(best[place], (weight, fewer - 1, covered + end - start)))
        chosen: set[int] = set()
        place = len(rivals)
        while place:
            if best[place] == best[place - 1]:
                place -= 1
            else:
                chosen.add(rivals[place - 1])
                place = rooms[place - 1]
        return chosen

    def _negators(
        self, reading: Reading, found: Sequence[Found], covered: set[int]
    ) -> Sequence[int]:
        """Where the negators end; one inside an indicator ("no clients") negates nothing else."""
        negators = reading.of(Part.NEGATOR)
        if not negators:
            return ()
        inside = sorted(
            (start, end)
            for at, (start, end, sense) in enumerate(found)
            if at not in covered and not self._groups[sense.name].negatable
        )
        starts = [start for start, _ in inside]
        reach: list[int] = []
        for start, end, _ in negators:
            at = bisect_right(starts, start) - 1
            if at < 0 or end > inside[at][1]:
                reach.append(end)
        return sorted(reach)

    def _taken(
        self, reading: Reading, negators: Sequence[int], points: Mapping[str, float]
    ) -> float:
        """What the dampers found take away, caps applied."""
        taken: dict[str, float] = {}
        seen: set[str] = set()
        for start, end, sense in reading.of(Part.DAMPER):
            damper = self._dampers[sense.name]
            wording = reading.window.literal[start:end]
            spared = damper.unless and any(group in points for group in damper.unless)
            if spared or wording in seen or _negated(start, negators, reading.window):
                continue
            seen.add(wording)
            taken[sense.name] = min(damper.cap, taken.get(sense.name, 0.0) + damper.weight)
        return sum(taken.values())


def _clusters(found: Sequence[Found]) -> list[list[int]]:
    """Indices of hits that touch one another, in runs of two or more."""
    ordered: Sequence[int] = range(len(found))
    previous = reached = 0
    touching = False
    for start, end, _ in found:
        touching = touching or start < reached
        if start < previous:
            ordered = sorted(ordered, key=lambda at: found[at][0])
            break
        previous, reached = start, max(reached, end)
    return _runs(found, ordered) if touching else []


def _runs(found: Sequence[Found], ordered: Sequence[int]) -> list[list[int]]:
    clusters: list[list[int]] = []
    run: list[int] = []
    reached = 0
    for at in ordered:
        start, end, _ = found[at]
        if start < reached:
            run.append(at)
            reached = max(reached, end)
            continue
        if len(run) > 1:
            clusters.append(run)
        run, reached = [at], end
    return [*clusters, run] if len(run) > 1 else clusters


def _negated(start: int, negators: Sequence[int], window: Window) -> bool:
    """Whether the nearest negator before `start` is within reach, in the same clause."""
    at = bisect_right(negators, start) - 1
    if at < 0:
        return False
    between = window.literal[negators[at] : start]
    return between.count(" ") <= NEGATION_REACH and CLAUSE_ENDS.isdisjoint(between)
