"""Tests of wordings, strengths, thresholds and offers, and the holdout: what they have come to.

`examine` reads and judges all of them; `plan` says beforehand how many users one needs.
"""

from tay_middleware.analytics.experiments.examine import examine
from tay_middleware.analytics.experiments.planning import SamplePlan, plan
from tay_middleware.analytics.experiments.verdict import (
    ArmResult,
    Call,
    Comparison,
    Health,
    Increment,
    Interval,
    State,
    Stratum,
    Verdict,
)

__all__ = [
    "ArmResult",
    "Call",
    "Comparison",
    "Health",
    "Increment",
    "Interval",
    "SamplePlan",
    "State",
    "Stratum",
    "Verdict",
    "examine",
    "plan",
]
