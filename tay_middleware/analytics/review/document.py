"""A review as plain values: made once, kept as JSON, shown in a terminal, as text or as a page."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from pydantic import TypeAdapter

from tay_middleware.analytics.charts import Spec


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text; columns whose name begins with `#` hold figures, and stand to the right."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Section:
    """One heading: sentences, a picture, and the table that says all that the picture says."""

    title: str
    lines: tuple[str, ...] = ()
    chart: Spec | None = None
    tables: tuple[Table, ...] = ()


@dataclass(frozen=True, slots=True)
class Action:
    """One thing to do.

    `how` is a sentence or a command, `undo` when to take it back; `diff` is the change of
    `prompts/` for `patch -p1`, empty where a person has to write it.
    """

    what: str
    why: str
    how: str
    expected: str
    undo: str
    diff: str = ""

    @property
    def taken_back(self) -> str:
        """When to take it back, as what follows a colon; `undo` may say that never."""
        return self.undo if self.undo.startswith("never") else f"when {self.undo}"


@dataclass(frozen=True, slots=True)
class Forecast:
    """Where a rate of a coming period will lie, with a probability of 80 %."""

    measure: str
    period: str
    share: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Score:
    """How a forecast did: `actual` is `None` while its period, or a window of it, is open."""

    forecast: Forecast
    made_at: datetime
    actual: float | None
    n: int
    words: str


@dataclass(frozen=True, slots=True)
class Review:
    """Everything that is said of a period, as of a moment.

    `happened`, `sure` and `unsure` are sentences; conversion is of mentions made from `ripe_since`
    to `ripe_until`, whose windows are closed and whose rows are there. `forecasts` are empty where
    the next period had begun when the review was made.
    """

    name: str
    since: date
    until: date
    as_of: datetime
    ripe_since: date
    ripe_until: date
    simulated: bool
    playbook_version: str
    happened: tuple[str, ...]
    sure: tuple[str, ...]
    unsure: tuple[str, ...]
    actions: tuple[Action, ...]
    sections: tuple[Section, ...]
    forecasts: tuple[Forecast, ...]
    scores: tuple[Score, ...]


def to_json(review: Review) -> dict[str, Any]:
    """The review as plain JSON values."""
    return {name: _plain(value) for name, value in asdict(review).items()}


def from_json(kept: Mapping[str, Any]) -> Review:
    """The review that `to_json` wrote down."""
    return _REVIEW.validate_python(kept)


_REVIEW = TypeAdapter(Review)


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, tuple | list) else value
