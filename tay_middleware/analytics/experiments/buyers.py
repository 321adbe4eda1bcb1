"""Whether purchases say whose they are in a way that is open to the users of every arm.

A user who is shown a link has a token, and her purchase is known by it; one who is held out has
none. Where arms differ so, only purchases count whose buyer is known as a user of any arm can be:
by her id at the checkout, or as a customer who gave it once. Of the others it is told how many
there are.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from tay_middleware.analytics.experiments.frame import Frame
from tay_middleware.analytics.wording import are, counted
from tay_middleware.storage.reading.experiments import Purchase

MOST_LOST = 0.05
"""The share of purchases whose loss may bend the rest: a tenth of the usual lift worth having."""

FEWEST_LOST = 10
"""So few say nothing yet."""

_MEND = "hand `tay_user_id` to the checkout (docs/sales.md)"


@dataclass(frozen=True, slots=True)
class Traced:
    """How purchases within their window are known: by evidence open to all, or by a link alone.

    `nobodys` are those of the experiment's time that no user is known of.
    """

    named: int = 0
    by_link: int = 0
    nobodys: int = 0

    def problems(self) -> Iterator[str]:
        """Why it cannot be believed."""
        if _are_many(self.by_link, self.named):
            yield (
                f"{self.by_link} of {self.named + self.by_link} purchases are known by a link, a "
                "mention or an admin's word alone, which not every arm's users can have; without "
                f"them the rest says little: {_MEND}"
            )

    def doubts(self) -> Iterator[str]:
        """Why it may be wrong."""
        if _are_many(self.nobodys, self.named):
            yield (
                f"{counted(self.nobodys, 'purchase')} of its time {are(self.nobodys)} nobody's, "
                f"beside {self.named} that count: if users of one arm are among them more than of "
                f"another, it is wrong; {_MEND}"
            )

    def notes(self) -> Iterator[str]:
        """What is left out, where it is little."""
        if self.by_link and not _are_many(self.by_link, self.named):
            yield (
                f"{counted(self.by_link, 'purchase')} {are(self.by_link)} left out: a link, a "
                "mention or an admin's word alone says whose, which not every arm's users can have"
            )


def counting(frame: Frame, purchases: Iterable[Purchase]) -> list[Purchase]:
    """The purchases that the arms can be compared by."""
    return [one for one in purchases if frame.links_alike or one.named]


def trace(frame: Frame, purchases: Iterable[Purchase], nobodys: int) -> Traced:
    """How the purchases of an experiment are known; nothing is lost where links are alike."""
    if frame.links_alike:
        return Traced()
    window = timedelta(days=frame.window_days)
    mine = [
        one
        for one in purchases
        if one.arm in frame.chances
        and one.at < one.first_at + window
        and frame.offer in {None, one.offer}
    ]
    named = sum(one.named for one in mine)
    return Traced(named, len(mine) - named, nobodys)


def _are_many(lost: int, kept: int) -> bool:
    return lost >= FEWEST_LOST and lost > MOST_LOST * (lost + kept)
