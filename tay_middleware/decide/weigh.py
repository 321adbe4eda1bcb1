"""What the phrases found are worth: points per group, with negation, overlaps and caps applied.

One stretch of text is evidence once; one wording counts once however often it is repeated; a group
adds at most its cap. So neither length nor repetition makes a score.
"""

from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from tay_middleware.decide.normalise import CLAUSE_ENDS, Window
from tay_middleware.decide.reading import Found, Part, Reading
from tay_middleware.domain import Indicator
from tay_middleware.playbook.evidence import Damper, Group, Indicators

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


def weigh(reading: Reading, indicators: Indicators) -> Weighed:
    """Weigh what was found in a question by the groups and dampers of the playbook."""
    found = reading.of(Part.GROUP)
    groups = indicators.groups
    window = reading.window
    free = _heaviest(found, groups) if _overlap(found) else range(len(found))
    negators = _negators(reading, found, free, groups)
    points: dict[str, float] = {}
    counted: set[tuple[str, str]] = set()
    listed: dict[tuple[str, str], Indicator] = {}
    for at, (start, end, sense) in enumerate(found):
        key = (sense.name, window.literal[start:end])
        if key in counted:
            continue
        group, added = groups[sense.name], 0.0
        if at in free and not (group.negatable and _negated(start, negators, window)):
            held = points.get(sense.name, 0.0)
            added = min(group.weight, group.cap - held)
            points[sense.name] = held + added
            counted.add(key)
        if key in counted or key not in listed:
            listed[key] = Indicator(*key, *window.span(start, end), added)
    wordings: dict[str, int] = {}
    for name, _ in counted:
        wordings[name] = wordings.get(name, 0) + 1
    return Weighed(
        points,
        wordings,
        _taken(reading, negators, points, indicators.dampers),
        tuple(sorted(listed.values(), key=lambda found: (found.start, -found.end, found.group))),
    )


def _overlap(found: Sequence[Found]) -> bool:
    """Whether any two hits, which come in order of their beginnings, share a character."""
    reached = 0
    for start, end, _ in found:
        if start < reached:
            return True
        reached = end
    return False


def _heaviest(found: Sequence[Found], groups: Mapping[str, Group]) -> set[int]:
    """Indices of the hits that share no character and weigh most together.

    Of two such sets that weigh the same, the one of fewer and so longer phrases. A wish to buy is
    no competitor: it has its own lane. Weighted interval scheduling, in n log n.
    """
    free = {at for at, hit in enumerate(found) if groups[hit[2].name].kind == "purchase"}
    order = [at for at in range(len(found)) if at not in free]
    order.sort(key=lambda at: (found[at][1], -found[at][0]))
    ends = [found[at][1] for at in order]
    best = [(0.0, 0)]
    rooms: list[int] = []
    for place, at in enumerate(order):
        start, _, sense = found[at]
        room = bisect_right(ends, start, 0, place)
        rooms.append(room)
        weight, fewer = best[room]
        best.append(max(best[place], (weight + groups[sense.name].weight, fewer - 1)))
    place = len(order)
    while place:
        if best[place] == best[place - 1]:
            place -= 1
        else:
            free.add(order[place - 1])
            place = rooms[place - 1]
    return free


def _negators(
    reading: Reading, found: Sequence[Found], free: Collection[int], groups: Mapping[str, Group]
) -> list[int]:
    """Where the negators end; one inside an indicator ("no clients") negates nothing else."""
    negators = reading.of(Part.NEGATOR)
    if not negators:
        return []
    inside = sorted(found[at][:2] for at in free if not groups[found[at][2].name].negatable)
    starts = [start for start, _ in inside]
    reach: list[int] = []
    for start, end, _ in negators:
        at = bisect_right(starts, start) - 1
        if at < 0 or end > inside[at][1]:
            reach.append(end)
    return sorted(reach)


def _negated(start: int, negators: Sequence[int], window: Window) -> bool:
    """Whether the nearest negator before `start` is within reach, in the same clause."""
    at = bisect_right(negators, start) - 1
    if at < 0:
        return False
    between = window.literal[negators[at] : start]
    return between.count(" ") <= NEGATION_REACH and CLAUSE_ENDS.isdisjoint(between)


def _taken(
    reading: Reading,
    negators: Sequence[int],
    points: Mapping[str, float],
    dampers: Mapping[str, Damper],
) -> float:
    """What the dampers found take away, caps applied."""
    taken: dict[str, float] = {}
    seen: set[str] = set()
    for start, end, sense in reading.of(Part.DAMPER):
        damper = dampers[sense.name]
        wording = reading.window.literal[start:end]
        spared = any(group in points for group in damper.unless)
        if spared or wording in seen or _negated(start, negators, reading.window):
            continue
        seen.add(wording)
        taken[sense.name] = min(damper.cap, taken.get(sense.name, 0.0) + damper.weight)
    return sum(taken.values())
