"""The log decided again: what a changed playbook would have said to whom, before it is live."""

from tay_middleware.analytics.replay.changes import Edit, edits
from tay_middleware.analytics.replay.flips import Flip
from tay_middleware.analytics.replay.preview import (
    MOST_QUESTIONS,
    Example,
    Flipped,
    Preview,
    Stretch,
    preview,
    read,
)

__all__ = [
    "MOST_QUESTIONS",
    "Edit",
    "Example",
    "Flip",
    "Flipped",
    "Preview",
    "Stretch",
    "edits",
    "preview",
    "read",
]
