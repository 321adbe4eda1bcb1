"""A run as tables: the one content of the terminal's, the Markdown and the HTML report."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tay_middleware.evals.agreement import Agreement
from tay_middleware.evals.compare import Comparison, Flip
from tay_middleware.evals.figures import tally_of
from tay_middleware.evals.gates import TOO_FEW, Verdict
from tay_middleware.evals.labels import DEVELOPMENT
from tay_middleware.evals.run import Figure, Part, Run, TierRun
from tay_middleware.evals.statistics import Tally
from tay_middleware.evals.thresholds import Chosen

_LABELS = (
    "Questions, conversations and labels were written for this project by its authors, who saw "
    "neither each other's work nor any detector; they were not collected from customers. "
)
_COUNTING = (
    "Intervals are 95 %: families resampled together for F1, Wilson for shares. A row that failed "
    "counts as a wrong answer. A rate means something only on rows in the proportions of an inbox."
)
MOST_LISTED = 40
"""Ids listed of one kind; the JSON has all of them."""

_HEADLINES = {
    "labelled": "labelled questions",
    "held_out": "without development files",
    "traffic": "traffic",
    "off_topic": "off topic",
    "off_topic_test": "off-topic test",
    "questions_test": "questions of an unseen author",
    "worst_author": "worst author with 50 positives or more",
    "forbidden": "forbidden slices",
    "conduct_test": "conduct test",
    "behaviour": "changes of wording",
    "injections": "injections",
    "conversations": "conversations",
    "conduct": "conduct checks",
}
_COUNTS = ("positives", "errors", "mentions", "false_mentions", "failures", "raised", "turns", "n")
_PARTS = (
    "n",
    "pos",
    "found",
    "false",
    "precision",
    "recall",
    "F1",
    "F1 95 %",
    "offer right",
    "pairs right",
    "errors",
)


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text under a title; `note` stands below."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


def honesty(run: Run) -> str:
    """Who labelled the data, and how it was counted."""
    return _LABELS + _COUNTING if run.ours else _COUNTING


def tables(run: Run, verdicts: Sequence[Verdict] = ()) -> list[Table]:
    """Everything there is to say of a run, the gates first."""
    told = [gate_table(verdicts)] if verdicts else []
    told.append(figure_table(run))
    for name, tier in run.tiers.items():
        for title, parts in (
            ("file", tier.files),
            ("author", tier.authors),
            ("slice", tier.slices),
        ):
            if parts:
                told.append(part_table(f"{name}: by {title}", title, parts))
        told += _details(name, tier, run)
    return [table for table in told if table.rows]


def gate_table(verdicts: Sequence[Verdict]) -> Table:
    """Every gate with what was found; broken ones first."""
    ordered = sorted(verdicts, key=lambda verdict: verdict.holds)
    rows = tuple(
        (
            "holds" if verdict.holds else "BROKEN",
            verdict.gate.name,
            verdict.gate.tier,
            "-" if verdict.value is None else _number(verdict.value),
            verdict.gate.limit,
            "-" if verdict.gate.goal is None else f"{verdict.gate.goal:g}",
            str(verdict.n),
            verdict.note,
        )
        for verdict in ordered
    )
    broken = sum(not verdict.holds for verdict in verdicts)
    note = f"{len(verdicts) - broken} of {len(verdicts)} gates hold"
    return Table("gates", ("", "gate", "tier", "found", "floor", "goal", "n", "note"), rows, note)


def figure_table(run: Run) -> Table:
    """Every figure of every tier, tiers side by side."""
    names = list(dict.fromkeys(name for tier in run.tiers.values() for name in tier.figures))
    shown = {name: tier for name, tier in run.tiers.items() if tier.figures}
    rows = tuple(
        (_heading(name), *(_cell(name, tier.figures.get(name)) for tier in shown.values()))
        for name in names
        if not name.endswith((".n", ".turns"))
    )
    return Table("figures (n in brackets)", ("figure", *shown), rows, honesty(run))


def part_table(title: str, what: str, parts: Mapping[str, Part]) -> Table:
    """Counts and figures of files, authors or slices."""
    rows = tuple((name, *_part(part)) for name, part in parts.items())
    note = ""
    if what == "file" and any(name in DEVELOPMENT for name in parts):
        listed = ", ".join(sorted(DEVELOPMENT & {*parts}))
        note = f"keywords were tuned on {listed}: there they flatter themselves"
    return Table(title, (what, *_PARTS), rows, note)


def comparison_tables(comparison: Comparison) -> list[Table]:
    """A comparison: the differences, then every row that flipped."""
    first, second = comparison.tiers
    differences = (
        ("F1", comparison.f1),
        ("precision", comparison.precision),
        ("recall", comparison.recall),
    )
    rows = tuple(
        (name, f"{found.value:+.4f}", f"{found.interval.low:+.4f} to {found.interval.high:+.4f}")
        for name, found in differences
        if found is not None
    )
    note = (
        f"{comparison.rows} rows in both, {comparison.left_out} left out. {len(comparison.won)} "
        f"became right, {len(comparison.lost)} became wrong: McNemar p = {comparison.p:.4g}."
    )
    if not comparison.same_data:
        note += " THE LABEL FILES DIFFER: only rows with the same id and label are compared."
    return [
        Table(
            f"{first} → {second}", ("figure", "difference", "95 %, paired by family"), rows, note
        ),
        _flips("became right", comparison.won),
        _flips("became wrong", comparison.lost),
    ]


def threshold_tables(tier: str, chosen: Chosen, least_precision: float) -> list[Table]:
    """What a chosen threshold comes to, on all rows and nested by author."""

    def told(what: str, threshold: str, tally: Tally) -> tuple[str, ...]:
        figures = (tally.precision, tally.recall, tally.f1)
        return (what, threshold, *("-" if one is None else f"{one:.4f}" for one in figures))

    columns = ("rows", "threshold", "precision", "recall", "F1")
    rows = (
        told("all, as chosen", f"{chosen.best.threshold:g}", chosen.best.tally),
        told("each author's, as the others choose", "see below", chosen.nested),
    )
    note = "" if chosen.meets else f"NO THRESHOLD holds a precision of {least_precision:g}"
    authors = tuple((author, f"{value:g}") for author, value in chosen.by_author.items())
    near = [chosen.sweep[step * (len(chosen.sweep) - 1) // 20] for step in range(21)]
    swept = tuple(told("all", f"{point.threshold:g}", point.tally) for point in near)
    return [
        Table(
            f"{tier}: best F1 with a precision of {least_precision:g} or more", columns, rows, note
        ),
        Table("left out, the others choose", ("author", "threshold"), authors),
        Table("sweep", columns, tuple(dict.fromkeys(swept))),
    ]


def agreement_tables(found: Agreement) -> list[Table]:
    """How far two labellers agree, and on which rows they do not."""
    tally, interval = found.tally, found.interval
    both, same = tally.found, tally.found + tally.passed
    between = f"{interval.low:.2f}-{interval.high:.2f}" if interval else "-"
    rows = (
        ("rows labelled twice", str(tally.n)),
        ("the same answer (escalate or not)", f"{same} ({same / max(1, tally.n):.1%})"),
        ("Cohen's kappa", "-" if found.kappa is None else f"{found.kappa:.3f}"),
        ("its 95 % interval, families resampled", between),
        ("only the first escalates", str(tally.missed)),
        ("only the second escalates", str(tally.false)),
        ("the same offer, of those both escalate", f"{found.offers_agreed} of {both}"),
    )
    disputed = tuple(
        (row.id, row.offer or "none", said.offer or "none", row.question[:90])
        for row, said in found.disputed[:MOST_LISTED]
    )
    return [
        Table("two labellers", ("", ""), rows),
        Table("on which they disagree", ("row", "first", "second", "question"), disputed),
    ]


def _details(name: str, tier: TierRun, run: Run) -> list[Table]:
    gates = tuple(
        (gate, str(rightly), str(wrongly)) for gate, (rightly, wrongly) in tier.gates.items()
    )
    wrong = [turn for turn in tier.turns if not turn.right]
    turns = tuple((turn.key, turn.expected, turn.got) for turn in wrong[:MOST_LISTED])
    changes = tuple(
        (change.kind, change.id, change.before, change.after)
        for change in tier.changes[:MOST_LISTED]
    )
    remarks = tuple((remark,) for remark in tier.remarks[:MOST_LISTED])
    return [
        _confusion(name, tier, run),
        Table(
            f"{name}: gates that closed",
            ("gate", "on rows that should not escalate", "on rows that should"),
            gates,
        ),
        Table(
            f"{name}: turns that came out otherwise",
            ("turn", "expected", "got"),
            turns,
            _more(len(wrong)),
        ),
        Table(
            f"{name}: decisions that a change of wording changed",
            ("change", "row", "before", "after"),
            changes,
            _more(len(tier.changes)),
        ),
        Table(f"{name}: conduct", ("remark",), remarks, _more(len(tier.remarks))),
    ]


def confusion(tier: TierRun, run: Run) -> tuple[list[str], dict[tuple[str, str], int]]:
    """Offers as labelled against offers as mentioned, `none` among both."""
    if not tier.said:
        return [], {}
    counts: dict[tuple[str, str], int] = {}
    for row, said in zip(run.rows, tier.said, strict=True):
        key = ((row.offer or "some offer") if row.escalate else "none", said or "none")
        counts[key] = counts.get(key, 0) + 1
    names = sorted(
        {name for key in counts for name in key}, key=lambda name: (name == "none", name)
    )
    return names, counts


def _confusion(name: str, tier: TierRun, run: Run) -> Table:
    names, counts = confusion(tier, run)
    rows = tuple((label, *(str(counts.get((label, said), 0)) for said in names)) for label in names)
    return Table(f"{name}: labelled offer (down) and mentioned offer (across)", ("", *names), rows)


def _flips(title: str, flips: Sequence[Flip]) -> Table:
    rows = tuple(
        (
            flip.key,
            "escalates" if flip.escalate else "does not",
            flip.before or "none",
            flip.after or "none",
        )
        for flip in flips
    )
    return Table(f"{title}: {len(flips)}", ("row", "label", "before", "after"), rows)


def _part(part: Part) -> Iterable[str]:
    tally = tally_of(part)
    counts = (tally.n, tally.positives, tally.found, tally.false)
    yield from (str(many) for many in counts)
    if tally.n < TOO_FEW:
        yield from ("too few", "", "", "", "", "", str(part.errors))
        return
    for value in (tally.precision, tally.recall, tally.f1):
        yield "-" if value is None else f"{value:.3f}"
    between = part.f1_low is not None and part.f1_high is not None
    yield f"{part.f1_low:.3f}-{part.f1_high:.3f}" if between else "-"
    yield f"{part.offers_right}/{tally.found if part.offers is None else part.offers}"
    yield f"{part.pairs_right}/{part.pairs}"
    yield str(part.errors)


def _heading(name: str) -> str:
    prefix, _, rest = name.partition(".")
    return f"{_HEADLINES.get(prefix, prefix)}: {rest.replace('_', ' ')}"


def _cell(name: str, figure: Figure | None) -> str:
    if figure is None or figure.value is None:
        return "-"
    counted = name.rpartition(".")[2] in _COUNTS or name.startswith(("forbidden", "conduct"))
    if counted and figure.value.is_integer() and "controls" not in name:
        bound = "" if figure.high is None else f", at most {100 * figure.high:.1f} %"
        return f"{figure.value:.0f} ({figure.n}{bound})"
    if figure.n < TOO_FEW:
        return f"too few ({figure.n})"
    between = (
        "" if figure.low is None or figure.high is None else f" {figure.low:.3f}-{figure.high:.3f}"
    )
    return f"{_number(figure.value)}{between} ({figure.n})"


def _number(value: float) -> str:
    return f"{value:.0f}" if value > 1 or value == 0 else f"{value:.4f}".rstrip("0")


def _more(many: int) -> str:
    return f"the first {MOST_LISTED} of {many}; the JSON has all" if many > MOST_LISTED else ""
