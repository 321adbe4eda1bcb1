"""The playbook: everything that the business edits in `prompts/`, loaded and checked."""

from tay_middleware.playbook.conduct import ConductRules, Violation
from tay_middleware.playbook.evidence import Gate, Gates, Group, Indicators, Topic
from tay_middleware.playbook.experiments import Arm, Experiment, ExperimentKind, Experiments
from tay_middleware.playbook.fairness import HOLDOUT
from tay_middleware.playbook.last_good import keep, last_good
from tay_middleware.playbook.load import Playbook, Traces, load_playbook, shipped, traces_of
from tay_middleware.playbook.schema import AutoPause, Offer, Policy, Template, Voice
from tay_middleware.playbook.shared import shared_playbook
from tay_middleware.playbook.wording import fill

__all__ = [
    "HOLDOUT",
    "Arm",
    "AutoPause",
    "ConductRules",
    "Experiment",
    "ExperimentKind",
    "Experiments",
    "Gate",
    "Gates",
    "Group",
    "Indicators",
    "Offer",
    "Playbook",
    "Policy",
    "Template",
    "Topic",
    "Traces",
    "Violation",
    "Voice",
    "fill",
    "keep",
    "last_good",
    "load_playbook",
    "shared_playbook",
    "shipped",
    "traces_of",
]
