"""Which threshold: for a rate that is asked for, or the one that is surely worth more.

It proposes and never applies. What it cannot know it refuses to say, with the reason.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tay_middleware.analytics.tuning.cases import Knob, live_threshold
from tay_middleware.analytics.tuning.gather import Log
from tay_middleware.analytics.tuning.measure import Labelled, Measure
from tay_middleware.analytics.tuning.proposal import Point, Proposal, StageUse, Verdict
from tay_middleware.analytics.tuning.replay import Replay
from tay_middleware.analytics.tuning.search import Search
from tay_middleware.playbook import Playbook

NEAR_ENOUGH = 0.005
"""How far the replayed rate of a proposal may be from the target: half a point."""

LEAST_QUESTIONS = 500
"""Fewer say nothing about a rate: at 12.5 % the interval is 6 points wide."""

LEAST_NEEDS = 50
"""As many needs must have been found by the threshold that is moved."""

LEAST_AGREEMENT = 0.98
"""The share of logged mentions that a replay under the present rules must make again."""

LEAST_KNOWN = 0.5
"""Of the mentions that are proposed at least this share must have been decided in the log."""

LOW, HIGH = 0.10, 0.15
"""The brief's range of escalation rates: a limit, and not the optimum."""

STEPS = (1.5, 1.25, 0.9, 0.75, 0.5)
"""Thresholds that are looked at beside: with about so many times the present mentions."""


_SHADOW = (
    "mentions were switched off all the time: they are replayed as if they had been on; what but "
    "the cool-down would have held them back nobody asked, so the real rate will be lower"
)


@dataclass(frozen=True, slots=True)
class Order:
    """What is wanted.

    Args:
        target: the rate to come to; `None` looks for the most valuable threshold.
        most: the rate that is never exceeded.
        annoyance_cost: of a mention that is taken badly, in whole units of the sales' currency.
        attribution_days: how long a purchase is credited to a mention.
        labelled: labelled questions, for precision.
    """

    target: float | None = None
    most: float = HIGH
    annoyance_cost: float = 0
    attribution_days: float = 14
    labelled: Sequence[Labelled] = ()


def tune(
    log: Log, playbook: Playbook, order: Order, step: Callable[[str], None] = lambda _: None
) -> Proposal:
    """Replay a log and propose, or say why not."""
    tuning = _Tuning(log, playbook, order)
    step("replaying")
    reason = tuning.too_thin()
    if reason is not None:
        return tuning.refused(reason)
    return tuning.for_rate(order.target) if order.target is not None else tuning.for_worth()


class _Tuning:
    """One tuning; what it is made of is made once."""

    def __init__(self, log: Log, playbook: Playbook, order: Order) -> None:
        self._log, self._playbook, self._order = log, playbook, order
        self._live = live_threshold(playbook, log.knob)
        self._replay = Replay(log.cases, playbook.policy, log.passing)
        self._search = Search(self._replay, log.knob)
        self._measure = Measure(
            log,
            playbook.policy,
            self._live,
            labelled=order.labelled,
            annoyance_cost=order.annoyance_cost,
            attribution_days=order.attribution_days,
        )

    def too_thin(self) -> str | None:
        """Why nothing can be replayed, if nothing can."""
        questions = self._replay.questions
        if questions < LEAST_QUESTIONS:
            return f"{questions:,} questions, {LEAST_QUESTIONS} are needed{self._under_others()}"
        moved = self._log.stages.get(self._log.knob.value)
        needs = moved.needs if moved else 0
        if needs < LEAST_NEEDS:
            return (
                f"this threshold found {needs:,} needs in the period, {LEAST_NEEDS} are needed: "
                "too few to say what another one would find"
            )
        agreement = self._agreement()
        if agreement < LEAST_AGREEMENT:
            return (
                f"the replay makes only {agreement:.0%} of the logged mentions again: they were "
                "decided by other rules than this playbook's, or their users were erased"
            )
        return None

    def for_rate(self, target: float) -> Proposal:
        """The threshold of a rate."""
        if target > self._order.most:
            return self.refused(
                f"{target:.1%} is above the limit of {self._order.most:.1%} (--most)"
            )
        found = self._search.nearest(target)
        rate = self._search.rate(found)
        if abs(rate - target) > NEAR_ENOUGH:
            return self.refused(self._out_of_reach(target, found, rate))
        known = self._known(found)
        if known < LEAST_KNOWN and not self._log.shadow:
            return self.refused(
                f"{target:.1%} would take {found:g}, and of its mentions the log has decided only "
                f"{known:.0%}: go there by steps, and tune again after each",
            )
        return self._proposed(found, f"for a rate of {target:.1%}: replayed {rate:.1%}")

    def for_worth(self) -> Proposal:
        """The most valuable threshold, as far as the log can tell; the limit comes first."""
        rate = self._search.rate(self._live)
        if rate > self._order.most:
            found = self._search.at_most(self._order.most)
            if found is None:
                return self.refused(f"no threshold brings {rate:.1%} down to the limit")
            return self._proposed(
                found,
                f"the rate of {rate:.1%} is above the limit of {self._order.most:.1%}; at "
                f"{found:g} it is {self._search.rate(found):.1%}",
            )
        higher = [at for at in self._grid() if at > self._live]
        confidence = 1 - 0.05 / max(1, len(higher))
        losses = {at: self._measure.lost_by(at, confidence) for at in higher}
        sure = {at: loss for at, loss in losses.items() if loss.high is not None and loss.high < 0}
        if sure:
            best = min(sure, key=lambda at: sure[at].value or 0.0)
            return self._proposed(
                best, "the mentions that fall away cost more than they bring, surely"
            )
        return self._kept(rate, [loss.refused for loss in losses.values()])

    def _out_of_reach(self, target: float, nearest: float, rate: float) -> str:
        reach = self._search.reach
        if reach.least <= target <= reach.most:
            return (
                f"no threshold comes within half a point of {target:.1%}: many questions share one "
                f"score, and the nearest is {rate:.1%} at {nearest:g}"
            )
        return (
            f"no threshold comes to {target:.1%}: what was logged reaches from "
            f"{reach.least:.1%} to {reach.most:.1%}"
        )

    def refused(self, reason: str) -> Proposal:
        """Nothing is proposed; what is known of the threshold in force is told all the same."""
        points = self._points([self._live]) if self._replay.questions else ()
        return self._made(Verdict.REFUSED, f"refused: {reason}", None, points, (reason,))

    def _proposed(self, threshold: float, why: str) -> Proposal:
        points = self._points([*self._grid(), threshold])
        if threshold == self._live:
            cautions = self._cautions(threshold)
            words = f"keep {threshold:g}, {why}"
            return self._made(Verdict.KEEP, words, threshold, points, cautions)
        verb = "raise" if threshold > self._live else "lower"
        words = f"{verb} {self._live:g} to {threshold:g}, {why}"
        return self._made(Verdict.MOVE, words, threshold, points, self._cautions(threshold))

    def _kept(self, rate: float, refusals: Sequence[str | None]) -> Proposal:
        """Nothing is surely better; why nobody can say so is the first refusal."""
        refused = [reason for reason in refusals if reason is not None]
        reasons = [f"whether fewer mentions are worth more: {reason}" for reason in refused[-1:]]
        if round(rate, 3) < LOW:
            reasons.append(
                f"the rate of {rate:.1%} is below {LOW:.0%}: --target-rate finds the threshold of "
                "a higher one; whether it sells more, only a test can say"
            )
        if self._log.annoyed and not self._order.annoyance_cost:
            reasons.append(
                f"{len(self._log.annoyed):,} mentions were taken badly, and cost nothing here: say "
                "what one costs by --annoyance-cost"
            )
        words = f"keep {self._live:g}: nothing in the log is surely worth more"
        points = self._points(self._grid())
        return self._made(Verdict.KEEP, words, self._live, points, tuple(reasons))

    def _made(
        self,
        verdict: Verdict,
        words: str,
        proposed: float | None,
        points: tuple[Point, ...],
        reasons: tuple[str, ...] = (),
    ) -> Proposal:
        log = self._log
        counted = [case for case in log.cases if case.counts]
        return Proposal(
            verdict=verdict,
            words=words,
            knob=".".join(log.knob.path),
            live=self._live,
            proposed=proposed,
            target=self._order.target,
            since=log.since,
            until=log.until,
            questions=self._replay.questions,
            users=len({case.user for case in counted if case.user}),
            agreement=self._agreement(),
            stages=tuple(self._stages()),
            points=points,
            reasons=reasons,
            others=dict(log.others),
            currency=self._measure.currency,
            annoyance_cost=self._order.annoyance_cost,
            simulated=log.simulated,
        )

    def _stages(self) -> list[StageUse]:
        return [
            StageUse(
                name=name,
                questions=did.questions,
                needs=did.needs,
                live=live_threshold(self._playbook, Knob(name)) if name in list(Knob) else None,
                replayed=name == self._log.knob.value,
            )
            for name, did in self._log.stages.items()
        ]

    def _cautions(self, threshold: float) -> tuple[str, ...]:
        cautions = [_SHADOW] if self._log.shadow else []
        if threshold < self._live and not self._log.shadow:
            known = self._known(threshold)
            cautions.append(
                f"{known:.0%} of these mentions were decided in the log; whether policy would let "
                "the others pass is taken from those that it was asked about"
            )
        if threshold < self._live and not self._order.labelled:
            cautions.append("whether they are the right ones, labels say: --labels FILE")
        if self._measure.currencies > 1:
            cautions.append(
                f"purchases in {self._measure.currencies} currencies: money is of "
                f"{self._measure.currency} alone"
            )
        return tuple(cautions)

    def _grid(self) -> list[float]:
        return [self._live, *self._search.beside(self._live, STEPS)]

    def _points(self, thresholds: Sequence[float]) -> tuple[Point, ...]:
        questions = self._replay.questions
        return tuple(
            self._measure.point(one, self._search.shown(one), questions)
            for one in sorted(set(thresholds))
        )

    def _known(self, threshold: float) -> float:
        return self._measure.known(self._search.shown(threshold))

    def _agreement(self) -> float:
        """Of the mentions that were logged or are replayed, the share that is both."""
        if self._log.shadow:
            return 1.0
        cases, made = self._log.cases, set(self._search.shown(self._live))
        logged = {at for at, case in enumerate(cases) if case.counts and case.shown}
        either = made | logged
        return len(made & logged) / len(either) if either else 1.0

    def _under_others(self) -> str:
        many = sum(self._log.others.values())
        if not many:
            return ""
        return (
            f"; {many:,} more were decided under other versions of the playbook: add those whose "
            "scores mean the same by --playbook-version"
        )
