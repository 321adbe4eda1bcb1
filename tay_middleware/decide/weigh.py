"""What the phrases found are worth: points per group, with negation, overlaps and caps applied.

One stretch of text is evidence once, for the longest phrase that covers it; one wording counts once
however often it is repeated; a group adds at most its cap. So length alone never makes a score.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tay_middleware.decide.normalise import CLAUSE_ENDS, Window
from tay_middleware.decide.reading import Found, Part, Reading
from tay_middleware.domain import Indicator
from tay_middleware.playbook.evidence import Damper, Group, Indicators

NEGATION_REACH = 4
"""Tokens after a negator within which an indicator of its clause is dropped."""


@dataclass(frozen=True, slots=True)
class Weighed:
    """The evidence of one question.

    `points` holds each group that added something; `wordings` how many distinct wordings of it
    did; `taken` what dampers take from every offer. `indicators` are all phrases found, with what
    each added to its group (0.0 when a negation, an overlap, a repetition or the cap took it away).
    """

    points: Mapping[str, float]
    wordings: Mapping[str, int]
    taken: float
    indicators: tuple[Indicator, ...]


def weigh(reading: Reading, indicators: Indicators) -> Weighed:
    """Weigh what was found in a question by the groups and dampers of the playbook."""
    groups = indicators.groups
    free, covered = _without_overlaps(reading.of(Part.GROUP), groups, len(reading.window.text))
    negators = _negators(reading, free, groups)
    points: dict[str, float] = {}
    wordings: dict[str, set[str]] = {}
    listed: list[Indicator] = []
    for found in free:
        name = found[2].name
        group = groups[name]
        seen = wordings.setdefault(name, set())
        wording = reading.wording(found)
        if (group.negatable and _negated(found[0], negators, reading.window)) or wording in seen:
            added = 0.0
        else:
            seen.add(wording)
            added = min(group.weight, group.cap - points.get(name, 0.0))
            points[name] = points.get(name, 0.0) + added
        listed.append(_indicator(reading, found, added))
    listed.extend(_indicator(reading, found, 0.0) for found in covered)
    listed.sort(key=lambda indicator: (indicator.start, -indicator.end, indicator.group))
    return Weighed(
        points=points,
        wordings={name: len(seen) for name, seen in wordings.items() if seen},
        taken=_taken(reading, negators, points, indicators.dampers),
        indicators=tuple(listed),
    )


def _without_overlaps(
    hits: Iterable[Found], groups: Mapping[str, Group], length: int
) -> tuple[list[Found], list[Found]]:
    """Hits that share no character, the longest first (then the heaviest), and the covered rest."""
    ranked = sorted(
        hits, key=lambda hit: (hit[0] - hit[1], -groups[hit[2].name].weight, hit[0], hit[2].name)
    )
    taken = bytearray(length)
    free: list[Found] = []
    covered: list[Found] = []
    for hit in ranked:
        start, end = hit[0], hit[1]
        if taken.find(1, start, end) >= 0:
            covered.append(hit)
            continue
        taken[start:end] = b"\1" * (end - start)
        free.append(hit)
    free.sort(key=lambda hit: hit[0])
    return free, covered


def _negators(
    reading: Reading, free: Iterable[Found], groups: Mapping[str, Group]
) -> list[tuple[int, int]]:
    """Places of the negators; one inside an indicator ("no clients") negates nothing else."""
    if not reading.has(Part.NEGATOR):
        return []
    inside = [(start, end) for start, end, sense in free if not groups[sense.name].negatable]
    return [
        (start, end)
        for start, end, _ in reading.of(Part.NEGATOR)
        if not any(first <= start and end <= last for first, last in inside)
    ]


def _negated(start: int, negators: Iterable[tuple[int, int]], window: Window) -> bool:
    for _, end in negators:
        if end > start:
            break
        between = window.text[end:start]
        if between.count(" ") <= NEGATION_REACH and CLAUSE_ENDS.isdisjoint(between):
            return True
    return False


def _taken(
    reading: Reading,
    negators: list[tuple[int, int]],
    points: Mapping[str, float],
    dampers: Mapping[str, Damper],
) -> float:
    """What the dampers found take away, caps applied."""
    taken: dict[str, float] = {}
    seen: set[tuple[str, str]] = set()
    for found in reading.of(Part.DAMPER):
        name = found[2].name
        key = (name, reading.wording(found))
        damper = dampers[name]
        spared = any(group in points for group in damper.unless)
        if spared or key in seen or _negated(found[0], negators, reading.window):
            continue
        seen.add(key)
        taken[name] = min(damper.cap, taken.get(name, 0.0) + damper.weight)
    return sum(taken.values())


def _indicator(reading: Reading, found: Found, added: float) -> Indicator:
    start, end = reading.window.span(found[0], found[1])
    return Indicator(found[2].name, reading.wording(found), start, end, added)
