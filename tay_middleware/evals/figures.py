"""Figures of answers: precision to Brier score, each with its n and its interval."""

from collections.abc import Iterable, Mapping, Sequence

from tay_middleware.evals.answers import Answer, by_family, counted, pairs
from tay_middleware.evals.run import Figure, Part
from tay_middleware.evals.statistics import Interval, Tally, bootstrap, wilson

LEAST_POSITIVES = 50
"""An author with fewer positives than this says nothing by himself."""


def share(part: int, whole: int) -> Figure:
    """A share with its Wilson interval."""
    between = wilson(part, whole)
    return _figure(part / whole if whole else None, whole, between)


def count(part: int, whole: int) -> Figure:
    """A count of `whole`; `high` is the upper 95 % bound of its share."""
    between = wilson(part, whole)
    return Figure(value=part, n=whole, high=None if between is None else between.high)


def detection(prefix: str, answers: Sequence[Answer]) -> dict[str, Figure]:
    """The figures of a set of answers, under names that begin with `prefix`."""
    families = by_family(answers)
    total = counted(answers)
    named = [one for one in answers if one.said and one.names_an_offer]
    right = sum(one.offer == one.row.offer for one in named)
    both = pairs(answers)
    told = {
        "n": Figure(value=total.n, n=total.n),
        "positives": Figure(value=total.positives, n=total.n),
        "errors": Figure(value=sum(bool(one.judged.error) for one in answers), n=total.n),
        "precision": share(total.found, total.found + total.false),
        "recall": share(total.found, total.positives),
        "f1": _figure(total.f1, total.n, bootstrap(families, lambda tally: tally.f1)),
        "average_precision": _average_precision(answers),
        "brier": _brier(answers),
        "offer_accuracy": share(right, len(named)),
        "pairs_right": share(sum(both.values()), len(both)),
        "rate": share(total.found + total.false, total.n),
        "calls_per_1000": _calls(answers),
    }
    return {f"{prefix}.{name}": figure for name, figure in told.items()}


def worst_author(authors: Mapping[str, Part]) -> Figure:
    """The lowest F1 of an author with enough positives; `n` are that author's rows."""
    known = [part for part in authors.values() if part.found + part.missed >= LEAST_POSITIVES]
    scored = [(tally_of(part).f1 or 0.0, part) for part in known]
    if not scored:
        return Figure(value=None, n=0)
    value, part = min(scored, key=lambda one: one[0])
    return Figure(value=value, n=tally_of(part).n, low=part.f1_low, high=part.f1_high)


def tally_of(part: Part) -> Tally:
    """The counts of a part that add up."""
    return Tally(part.found, part.false, part.missed, part.passed)


def parts(groups: Mapping[str, Sequence[Answer]]) -> dict[str, Part]:
    """The counts of each group of answers, the empty ones left out."""
    return {name: _part(answers) for name, answers in groups.items() if answers}


def grouped(answers: Iterable[Answer], *, by: str) -> dict[str, list[Answer]]:
    """Answers by `file` or by `author`."""
    groups: dict[str, list[Answer]] = {}
    for one in answers:
        groups.setdefault(one.file if by == "file" else one.row.author, []).append(one)
    return groups


def _part(answers: Sequence[Answer]) -> Part:
    total, both = counted(answers), pairs(answers)
    between = bootstrap(by_family(answers), lambda tally: tally.f1) if total.positives else None
    named = [one for one in answers if one.said and one.names_an_offer]
    return Part(
        found=total.found,
        false=total.false,
        missed=total.missed,
        passed=total.passed,
        offers_right=sum(one.offer == one.row.offer for one in named),
        offers=len(named),
        pairs=len(both),
        pairs_right=sum(both.values()),
        errors=sum(bool(one.judged.error) for one in answers),
        f1_low=None if between is None else between.low,
        f1_high=None if between is None else between.high,
    )


def _average_precision(answers: Sequence[Answer]) -> Figure:
    from sklearn.metrics import average_precision_score  # noqa: PLC0415 - an extra

    labels = [one.row.escalate for one in answers]
    if not any(labels):
        return Figure(value=None, n=len(answers))
    value = float(average_precision_score(labels, [one.score for one in answers]))
    return Figure(value=value, n=len(answers))


def _brier(answers: Sequence[Answer]) -> Figure:
    """Mean squared error of the probabilities; an error counts as wrong and certain of it."""
    known = [
        (one.row.escalate, float(one.said) if one.judged.error else one.probability)
        for one in answers
    ]
    errors = [(label - chance) ** 2 for label, chance in known if chance is not None]
    if not any(one.probability is not None for one in answers):
        return Figure(value=None, n=0)
    return Figure(value=sum(errors) / len(errors), n=len(errors))


def _calls(answers: Sequence[Answer]) -> Figure:
    if not answers:
        return Figure(value=None, n=0)
    calls = sum(one.judged.unsure for one in answers)
    return Figure(value=1000 * calls / len(answers), n=len(answers))


def _figure(value: float | None, n: int, between: Interval | None) -> Figure:
    if value is None or between is None:
        return Figure(value=value, n=n)
    return Figure(value=value, n=n, low=between.low, high=between.high)
