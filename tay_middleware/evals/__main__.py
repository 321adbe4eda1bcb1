"""`python -m tay_middleware.evals [FILE …]`: the report of the keyword stage.

Without files it takes the label files of the checkout. Exits with 1 when the held-out figures fall
below the floors, with 2 when a file cannot be read.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from tay_middleware.decide import Detector
from tay_middleware.errors import ConfigurationError
from tay_middleware.evals.keywords import Report, evaluate_keywords
from tay_middleware.evals.report import print_report
from tay_middleware.playbook import load_playbook

FLOOR_F1 = 0.60
FLOOR_PRECISION = 0.65
"""What readable rules must reach on questions that they were not tuned on, all held-out files
together. A floor may only rise."""

LABELS = ("questions_*.jsonl", "traffic.jsonl", "off_topic.jsonl")


def main(arguments: Sequence[str]) -> int:
    """Print the report of the files named, or of all label files; the exit code."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=200)
    try:
        report = evaluate_keywords(_files(arguments), Detector(load_playbook()))
    except ConfigurationError as error:
        sys.stderr.write(f"tay: {error}\n")
        return 2
    print_report(report, console)
    return 0 if _holds(report, console) else 1


def _files(arguments: Sequence[str]) -> list[Path]:
    if arguments:
        return [Path(argument) for argument in arguments]
    directory = Path(__file__).resolve().parents[2] / "evals" / "data"
    files = [path for pattern in LABELS for path in sorted(directory.glob(pattern))]
    if not files:
        raise ConfigurationError(f"no label files in {directory}: name some")
    return files


def _holds(report: Report, console: Console) -> bool:
    """Whether the floors hold; without positives among held-out rows there is nothing to hold."""
    if report.held_out is None or not report.held_out.tally.positives:
        return True
    tally = report.held_out.tally
    holds = (tally.f1 or 0.0) >= FLOOR_F1 and (tally.precision or 0.0) >= FLOOR_PRECISION
    verdict = "hold" if holds else "DO NOT HOLD"
    console.print(
        f"floors on held-out rows (F1 {FLOOR_F1}, precision {FLOOR_PRECISION}): {verdict}"
    )
    return holds


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
