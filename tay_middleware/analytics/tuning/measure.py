"""What one threshold comes to, from the replayed mentions and from what became of the real ones."""

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from uuid import UUID

from tay_middleware.analytics.metrics import wilson
from tay_middleware.analytics.tuning.cases import NEVER, Case, Fate
from tay_middleware.analytics.tuning.gather import Log
from tay_middleware.analytics.tuning.proposal import Point, Share
from tay_middleware.analytics.tuning.worth import (
    CONFIDENCE,
    Added,
    Estimate,
    Subject,
    added,
    credited,
    normal,
)
from tay_middleware.currencies import DECIMALS
from tay_middleware.playbook import Policy

DAY_SECONDS = 86_400.0

_BELOW = (
    "below the threshold in force nobody was shown anything: these mentions have no outcome in the "
    "log; test it first (kind `threshold` in experiments.yaml, with the lower threshold in force)"
)

_DUE = frozenset({Fate.PASSES, Fate.LATER, Fate.HOLDOUT})
"""Fates of questions to which a mention was due, whatever the holdout made of it."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """A question that a person labelled: its score, and whether it deserves an offer."""

    score: float
    escalate: bool


def share(found: int, of: int) -> Share:
    """So many of so many."""
    return Share(found, of, *wilson(found / of if of else 0.0, of, normal(CONFIDENCE)))


class Measure:
    """Measures thresholds over one log; immutable.

    Args:
        log: what was gathered.
        policy: the one in force.
        live: the threshold in force.
        labelled: labelled questions of files, beside those of the log.
        annoyance_cost: what a mention that is taken badly costs, in whole units of the currency of
            most sales (20 is 20 euros, or 20 yen).
        attribution_days: how long after a mention a purchase is credited to it.
    """

    def __init__(
        self,
        log: Log,
        policy: Policy,
        live: float,
        *,
        labelled: Sequence[Labelled] = (),
        annoyance_cost: float = 0,
        attribution_days: float = 14,
    ) -> None:
        self._log, self._policy, self._live = log, policy, live
        self._labelled = labelled
        self._ripe_until = log.until.timestamp() - attribution_days * DAY_SECONDS
        self._mentions = [case for case in log.cases if case.counts and case.shown]
        currencies = Counter(sale.currency for own in log.sales.values() for sale in own)
        self.currency = currencies.most_common(1)[0][0] if currencies else None
        self.currencies = len(currencies)
        self._cost = annoyance_cost * float(10 ** DECIMALS.get(self.currency or "", 2))
        self.subjects = self._subjects()
        self._asked = Counter(_who(case) for case in log.cases if case.counts)

    def point(self, threshold: float, shown: Sequence[int], questions: int) -> Point:
        """What a threshold comes to, given the places of what would be shown."""
        below = threshold < self._live
        adds = _refused(_BELOW) if below else self.added(threshold)
        return Point(
            threshold=threshold,
            mentions=len(shown),
            rate=self._rate(shown, questions),
            known=self.known(shown),
            precision=self._precision(threshold),
            helpful=None if below else self._helpful(threshold),
            annoyed=None if below else self._annoyed(threshold),
            credited=Estimate(refused=_BELOW) if below else self._credited(threshold),
            added=adds,
            net=adds.net,
        )

    def known(self, shown: Sequence[int]) -> float:
        """Of what would be shown, the share that the log decided itself; 1 of nothing."""
        cases = self._log.cases
        decided = sum(cases[at].fate is Fate.PASSES for at in shown)
        return decided / len(shown) if shown else 1.0

    def added(
        self, least: float, below: float | None = None, confidence: float = CONFIDENCE
    ) -> Added:
        """What is added by mentions to users whose highest score lies in a range."""
        return added(
            [
                one
                for one in self.subjects
                if one.score >= least and (below is None or one.score < below)
            ],
            confidence,
        )

    def lost_by(self, threshold: float, confidence: float) -> Estimate:
        """What raising the threshold gives up: the net of users who would get nothing any more."""
        return self.added(self._live, threshold, confidence).net

    def _rate(self, shown: Sequence[int], questions: int) -> Share:
        """The rate, with the interval of a ratio of sums over users: theirs go together."""
        cases = self._log.cases
        mentions = Counter(_who(cases[at]) for at in shown)
        rate = len(shown) / max(1, questions)
        spread = math.fsum((mentions[who] - rate * many) ** 2 for who, many in self._asked.items())
        reach = NormalDist().inv_cdf(0.975) * math.sqrt(spread) / max(1, questions)
        return Share(len(shown), questions, max(0.0, rate - reach), min(1.0, rate + reach))

    def _precision(self, threshold: float) -> Share | None:
        """Below the threshold in force labels of the log say nothing: none was shown there."""
        told = self._told(self._log.labels, threshold) if threshold >= self._live else []
        told += [one.escalate for one in self._labelled if one.score >= threshold]
        return share(sum(told), len(told)) if told or self._labelled else None

    def _helpful(self, threshold: float) -> Share | None:
        told = self._told(self._log.helpful, threshold)
        return share(sum(told), len(told)) if told else None

    def _told(self, said: Mapping[UUID, bool], threshold: float) -> list[bool]:
        """What was said of the mentions that a threshold leaves."""
        return [
            said[case.id] for case in self._mentions if case.id in said and case.score >= threshold
        ]

    def _annoyed(self, threshold: float) -> Share:
        shown = [case.id for case in self._mentions if case.score >= threshold]
        return share(sum(one in self._log.annoyed for one in shown), len(shown))

    def _credited(self, threshold: float) -> Estimate:
        """By user: her mentions whose window is closed, and whether one of them was credited."""
        users: dict[str | UUID, bool] = {}
        for case in self._mentions:
            if case.score >= threshold and case.asked <= self._ripe_until:
                who = _who(case)
                users[who] = users.get(who, False) or case.id in self._log.credited
        return credited(sum(users.values()), len(users))

    def _subjects(self) -> Sequence[Subject]:
        """Users to whom a mention was due, and whose window is closed."""
        holdout = self._policy.holdout
        if not holdout.share:
            return ()
        window = holdout.window_days * DAY_SECONDS
        due: dict[str, list[Case]] = {}
        for case in self._log.cases:
            if case.counts and case.user and case.fate in _DUE and _is_due(case):
                due.setdefault(case.user, []).append(case)
        end = self._log.until.timestamp()
        return [
            self._subject(user, own, window, 1 - holdout.share)
            for user, own in due.items()
            if min(case.asked for case in own) + window <= end
        ]

    def _subject(self, user: str, own: Collection[Case], window: float, chance: float) -> Subject:
        first = min(case.asked for case in own)
        end = first + window
        bought = [sale for sale in self._log.sales.get(user, ()) if first <= sale.at < end]
        money = sum(sale.net for sale in bought if sale.currency == self.currency)
        annoyed = sum(
            case.shown and case.asked < end and case.id in self._log.annoyed for case in own
        )
        return Subject(
            score=max(case.score for case in own),
            treated=not any(case.fate is Fate.HOLDOUT for case in own),
            chance=chance,
            purchases=float(len(bought)),
            net=money - annoyed * self._cost,
        )


def _who(case: Case) -> str | UUID:
    """Whom a question counts for: a user without a name is another one each time."""
    return case.user or case.id


def _is_due(case: Case) -> bool:
    return case.detected and case.score > NEVER


def _refused(reason: str) -> Added:
    return Added(Estimate(refused=reason), Estimate(refused=reason))
