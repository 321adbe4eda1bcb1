"""Thresholds replayed on logged decisions: what another one would show, and what that is worth.

`gather` reads the log, `tune` proposes or refuses; `playbook.patch` writes the change of it.
"""

from tay_middleware.analytics.tuning.cases import Knob
from tay_middleware.analytics.tuning.gather import Log, beginning, gather
from tay_middleware.analytics.tuning.measure import Labelled
from tay_middleware.analytics.tuning.proposal import Point, Proposal, Share, StageUse, Verdict
from tay_middleware.analytics.tuning.tune import HIGH, Order, tune
from tay_middleware.analytics.tuning.worth import Added, Estimate

__all__ = [
    "HIGH",
    "Added",
    "Estimate",
    "Knob",
    "Labelled",
    "Log",
    "Order",
    "Point",
    "Proposal",
    "Share",
    "StageUse",
    "Verdict",
    "beginning",
    "gather",
    "tune",
]
