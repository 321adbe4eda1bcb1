"""How right the decisions are, measured on labelled questions.

So far the keyword stage alone: `evaluate_keywords` on label files, `python -m tay_middleware.evals`
for a report. Nothing here calls a model or reads the network.
"""

from tay_middleware.evals.keywords import FileReport, Report, evaluate_keywords
from tay_middleware.evals.rows import Row, read_rows
from tay_middleware.evals.statistics import Interval, Tally, wilson

__all__ = [
    "FileReport",
    "Interval",
    "Report",
    "Row",
    "Tally",
    "evaluate_keywords",
    "read_rows",
    "wilson",
]
