"""Plots of a run as inline SVG, drawn by matplotlib without a display and the same twice."""

import io
from collections.abc import Sequence
from typing import Any

from tay_middleware.evals.answers import CERTAIN
from tay_middleware.evals.run import Run, TierRun
from tay_middleware.evals.tables import confusion

BAND = (0.10, 0.15)
"""The share of questions with a mention that the business steers by."""

BINS = 10
"""Bins of the reliability plot, equally full."""

_SIZE = (5.2, 3.9)


def plots(run: Run) -> list[tuple[str, str]]:
    """Title and SVG of each plot that the run has the figures for."""
    judged = {name: tier for name, tier in run.tiers.items() if tier.said}
    if not judged:
        return []
    drawn = [("precision and recall", _svg(_precision_recall(run, judged)))]
    for name, tier in judged.items():
        drawn.append((f"{name}: threshold sweep, by the score alone", _svg(_sweep(run, tier))))
        drawn.append((f"{name}: confusion of offers", _svg(_confusion(run, tier))))
    known = {name: tier for name, tier in judged.items() if any(tier.probabilities)}
    if known:
        drawn.append(("reliability", _svg(_reliability(run, known))))
    return drawn


def _precision_recall(run: Run, tiers: dict[str, TierRun]) -> Any:
    from sklearn.metrics import precision_recall_curve  # noqa: PLC0415 - an extra

    figure, axes = _axes("recall", "precision")
    for name, tier in tiers.items():
        places, labels = _labelled(run)
        if not any(labels):
            continue
        scores = [tier.scores[place] for place in places]
        precision, recall, _ = precision_recall_curve(labels, scores)
        # The last threshold takes everything in: gated rows too, which never are.
        axes.plot(recall[1:], precision[1:], label=name, linewidth=1.5)
        found = tier.figures.get("labelled.precision"), tier.figures.get("labelled.recall")
        if found[0] and found[1] and found[0].value is not None and found[1].value is not None:
            axes.plot(found[1].value, found[0].value, "o", color="black", markersize=4)
    _legend(axes, loc="lower left")
    return figure


def _sweep(run: Run, tier: TierRun) -> Any:
    """Precision, recall and F1 on labelled questions, rate on traffic, by the score alone.

    Rules beside it (two indicators, follow-ups) do not move with this threshold.
    """
    figure, axes = _axes("threshold", "share")
    places, labels = _labelled(run)
    scores = [tier.scores[place] for place in places]
    inbox = [tier.scores[place] for place, row in enumerate(run.rows) if row.file == "traffic"]
    top = max([1.0, *(score for score in scores if score < CERTAIN)])
    grid = [top * step / 100 for step in range(1, 100)]
    lines: dict[str, list[float]] = {"precision": [], "recall": [], "F1": [], "rate on traffic": []}
    for threshold in grid:
        said = [score >= threshold for score in scores]
        found = sum(one and label for one, label in zip(said, labels, strict=True))
        total, positives = sum(said), sum(labels)
        lines["precision"].append(found / total if total else 1.0)
        lines["recall"].append(found / positives if positives else 0.0)
        lines["F1"].append(2 * found / (total + positives) if total + positives else 0.0)
        lines["rate on traffic"].append(
            sum(score >= threshold for score in inbox) / len(inbox) if inbox else 0.0
        )
    axes.axhspan(*BAND, color="0.85", label="10-15 %")
    for name, values in lines.items():
        if inbox or name != "rate on traffic":
            axes.plot(grid, values, label=name, linewidth=1.5)
    axes.set_xlim(0, top)
    _legend(axes, loc="best", fontsize=7)
    return figure


def _reliability(run: Run, tiers: dict[str, TierRun]) -> Any:
    from sklearn.calibration import calibration_curve  # noqa: PLC0415 - an extra

    figure, axes = _axes("mean probability", "share that escalates")
    axes.plot([0, 1], [0, 1], color="0.7", linewidth=1)
    places, _ = _labelled(run)
    for name, tier in tiers.items():
        chances = tier.probabilities
        both = [
            (run.rows[place].escalate, chances[place])
            for place in places
            if chances[place] is not None
        ]
        if len({label for label, _ in both}) < 2:
            continue
        share, mean = calibration_curve(
            [label for label, _ in both],
            [chance for _, chance in both],
            n_bins=BINS,
            strategy="quantile",
        )
        axes.plot(mean, share, "o-", label=f"{name} (n = {len(both)})", linewidth=1.5, markersize=3)
    _legend(axes, loc="upper left")
    return figure


def _confusion(run: Run, tier: TierRun) -> Any:
    names, counts = confusion(tier, run)
    figure, axes = _axes("mentioned", "labelled")
    table = [[counts.get((label, said), 0) for said in names] for label in names]
    shares = [[many / (sum(row) or 1) for many in row] for row in table]
    axes.grid(visible=False)
    axes.pcolormesh(shares, cmap="Blues", vmin=0, vmax=1)
    axes.set_xlim(0, len(names))
    axes.set_ylim(len(names), 0)
    middles = [place + 0.5 for place in range(len(names))]
    axes.set_xticks(middles, names, rotation=20)
    axes.set_yticks(middles, names)
    for down, row in enumerate(table):
        for across, many in enumerate(row):
            color = "white" if shares[down][across] > 0.6 else "black"
            middle = {"ha": "center", "va": "center", "fontsize": 8}
            axes.text(across + 0.5, down + 0.5, str(many), color=color, **middle)
    return figure


def _labelled(run: Run) -> tuple[Sequence[int], list[bool]]:
    """Places and labels of the rows that the headline figures are counted over."""
    ours = any(row.file == "traffic" for row in run.rows)
    places = [
        place
        for place, row in enumerate(run.rows)
        if not ours or row.file == "traffic" or row.file.startswith("questions")
    ]
    return places, [run.rows[place].escalate for place in places]


def _axes(across: str, up: str) -> tuple[Any, Any]:
    from matplotlib.figure import Figure  # noqa: PLC0415 - an extra

    figure = Figure(figsize=_SIZE, layout="constrained")
    axes = figure.add_subplot()
    axes.set_xlabel(across)
    axes.set_ylabel(up)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1.01)
    axes.grid(visible=True, color="0.92")
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _legend(axes: Any, **how: Any) -> None:
    """A legend where something has a name: rows of one label alone draw no line."""
    if axes.get_legend_handles_labels()[0]:
        axes.legend(frameon=False, **how)


def _svg(figure: Any) -> str:
    import matplotlib as mpl  # noqa: PLC0415 - an extra

    drawn = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": "tay", "svg.fonttype": "none"}):
        figure.savefig(drawn, format="svg", metadata={"Date": None, "Creator": None})
    text = drawn.getvalue()
    return text[text.index("<svg") :]
