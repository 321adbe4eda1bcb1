"""What the words say and what a learned scorer thinks of them, made one detection. Pure.

The scorer decides whether a question deserves an offer, and which. Phrases keep what they are sure
of: a wish to buy a named offer, and the gates that they close. A learned head may close a gate as
well; it opens one that a phrase closed only where the stage is told how sure it must be for that.
`off_topic` needs more certainty when no word of the trade stands there.
"""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from tay_middleware.decide import ownership
from tay_middleware.decide.gates import NO_GATES, PERHAPS, is_open
from tay_middleware.decide.offers import Catalogue
from tay_middleware.decide.opinion import Opinion, logit
from tay_middleware.decide.ownership import OWNS
from tay_middleware.domain import Detection, Reason, Stage
from tay_middleware.playbook.cascade import OnTopic, StageRule
from tay_middleware.playbook.gate_names import (
    COMPLAINT,
    CONDUCT,
    DISTRESS,
    INJECTION,
    OFF_TOPIC,
    OPT_OUT,
    OWNER,
    REFUSAL,
    SMALL_TALK,
    THIRD_PERSON,
)

_OF_A_QUESTION_WHY = frozenset({COMPLAINT, CONDUCT, INJECTION, REFUSAL, OWNER})
"""What "why did you mention that?" looks like to learned heads, and "that one?" after a mention."""

_OF_AN_OPT_IN = frozenset({OPT_OUT, REFUSAL, COMPLAINT, CONDUCT, INJECTION})
"""What "you can recommend things again" looks like to them: it speaks of what it takes back. So
does a stop, whose own phrase tells what it is, beside a question about an offer."""

_OF_AN_ENQUIRY = _OF_A_QUESTION_WHY | {OPT_OUT}
"""What "tell me about your courses" looks like to them, who met those words beside noes."""

_NO_NEED_BEHIND = frozenset({INJECTION, *NO_GATES})
"""Gates of messages in which no scorer sees a need."""

_BY_ALL_THAT_WAS_SAID = frozenset({THIRD_PERSON, SMALL_TALK})

UPSET_FROM = 0.5
"""From this share of the bar of `distress` on, a mention calls nobody "girl"."""

_LEAST_OPEN = 0.1
"""The least chance that no gate is closed, as a divisor: a need gets at most ten times likelier."""

_WORTH_TELLING = 0.05
"""A gate that is less likely than this stays out of the record."""

NOTHING_TOLD: Mapping[str, float] = MappingProxyType({})


class Combiner:
    """Combines over one playbook; immutable."""

    def __init__(self, purchase_from: float, catalogue: Catalogue) -> None:
        self._purchase_from = purchase_from
        self._catalogue = catalogue

    def __call__(
        self,
        seen: Detection,
        opinion: Opinion,
        rule: StageRule,
        told: Mapping[str, float] = NOTHING_TOLD,
    ) -> Detection:
        """The detection of a question that the keyword stage has `seen`.

        `told` goes among its scores (see `figures`).
        """
        closed = _gates(seen, opinion, rule, wishes=_wishes(seen, opinion, self._purchase_from))
        need = _need(opinion, closed)
        gates = (*closed, *_off_topic(seen, opinion, rule.on_topic, need))
        offer, reason = self._verdict(seen, opinion, rule, need, closed)
        if offer is not None and seen.weakly:
            gates = _in_doubt(gates, seen.weakly, opinion, rule)
        gates = (*gates, *ownership.closing((one.group for one in seen.closed_by), offer))
        return replace(
            seen,
            escalate=offer is not None and is_open(gates, asks_anyway=seen.asks_anyway),
            need=offer is not None,
            offer=offer,
            reason=reason,
            stage=Stage.MODEL,
            scores={**seen.scores, **told},
            gates=gates,
            confidence=_kept(opinion.escalate),
            least=self._least(seen, rule),
            purchase=offer is not None and _is_plain_wish(seen, opinion, rule),
            upset=_is_upset(opinion, rule),
        )

    def _verdict(
        self,
        seen: Detection,
        opinion: Opinion,
        rule: StageRule,
        need: float,
        closed: Collection[str],
    ) -> tuple[str | None, Reason | None]:
        if _is_plain_wish(seen, opinion, rule):
            return seen.offer, seen.reason
        if seen.purchase and seen.offer and opinion.escalate >= self._purchase_from:
            return seen.offer, self._catalogue.reason(seen.offer, _points(seen))
        if need < self._least(seen, rule) and not _is_found_behind(closed, seen):
            return None, None
        offer = _chosen(seen, opinion)
        if offer is None or offer not in self._catalogue:
            return None, None
        return offer, self._catalogue.reason(offer, _points(seen))

    def _least(self, seen: Detection, rule: StageRule) -> float:
        """How likely a need must be: less where the phrases found one, more in a mere follow-up."""
        least = min(rule.threshold, rule.agreed) if agrees(seen, rule) else rule.threshold
        if seen.purchase:
            return min(least, self._purchase_from)
        return max(least, rule.follow_up) if seen.follows else least


def _chosen(seen: Detection, opinion: Opinion) -> str | None:
    """The likeliest offer, in the catalogue or not: without it the next best is none of its kind.

    Of an offer that no scorer has learned the phrases know more, where they find a need for it.
    """
    if seen.need and seen.offer is not None and seen.offer not in opinion.offers:
        return seen.offer
    return opinion.offer if opinion.offers else None


def agrees(seen: Detection, rule: StageRule) -> bool:
    """Whether the phrases find a need, by all the groups that the stage asks for."""
    return seen.need and rule.has_agreeing(seen.scores)


def _points(seen: Detection) -> dict[str, float]:
    """The points that the keyword stage found, by group."""
    return {
        name.removeprefix("group."): score
        for name, score in seen.scores.items()
        if name.startswith("group.")
    }


def _is_plain_wish(seen: Detection, opinion: Opinion, rule: StageRule) -> bool:
    """Whether it is a wish in a need like any other: else it lifts no cool-down, no decline."""
    return _wishes(seen, opinion, rule.threshold)


def _wishes(seen: Detection, opinion: Opinion, least: float) -> bool:
    """Whether she asks after what is ours and nothing else, or to buy, in a need that likely.

    So does who asks in spite of a stop.
    """
    asks = seen.enquires or seen.asks_anyway
    return asks or (seen.purchase and opinion.escalate >= least)


def _is_upset(opinion: Opinion, rule: StageRule) -> bool:
    """Whether she may be upset, though not so likely that nothing at all is said to her."""
    least = rule.gates.get(DISTRESS)
    return least is not None and opinion.gates.get(DISTRESS, 0.0) >= least * UPSET_FROM


def _in_doubt(
    gates: Sequence[str], weakly: Collection[str], opinion: Opinion, rule: StageRule
) -> tuple[str, ...]:
    """The gates, where those that only weak phrases closed give way to what the learned head says.

    As sure as a phrase, it keeps one closed; less sure, closed in doubt; else the gate is open.
    """
    kept = []
    for gate in gates:
        chance = opinion.gates.get(gate, 0.0)
        if gate not in weakly or chance >= rule.gates_stick_from:
            kept.append(gate)
        elif chance >= rule.reopen.weak_below:
            kept.append(f"{PERHAPS}{gate}")
    return tuple(kept)


def _need(opinion: Opinion, gates: Collection[str]) -> float:
    """How likely there is a need, whatever forbids to speak of it.

    What a gate holds back was taught as no need for an offer, so that the chance of one is that of
    a need and of no gate, P(need) · P(no gate); behind a closed gate the second is taken out again.
    Behind a no and an order to the system there is nothing to take out: what scorers were taught
    there has no need. The phrases may still find one (see `_is_found_behind`).
    """
    held = _named(gates) - {OFF_TOPIC}
    if not held or held & _NO_NEED_BEHIND:
        return opinion.escalate
    open_chance = 1.0 - max(opinion.gates.values(), default=0.0)
    return min(1.0, opinion.escalate / max(open_chance, _LEAST_OPEN))


def _is_found_behind(gates: Collection[str], seen: Detection) -> bool:
    """Whether a need that the phrases found counts whatever scorers say, for it is held back.

    They have learned such messages as no need, and cannot tell. Not where there may be an order to
    the system: of one that forbids to sell they say that it complains.
    """
    if not gates or not seen.need or INJECTION in _named(gates):
        return False
    return COMPLAINT not in gates or COMPLAINT in seen.gates


def _named(gates: Iterable[str]) -> set[str]:
    """The gates by their names, closed in doubt or surely."""
    return {gate.removeprefix(PERHAPS) for gate in gates}


def _gates(seen: Detection, opinion: Opinion, rule: StageRule, *, wishes: bool) -> tuple[str, ...]:
    closed = [
        gate
        for gate in seen.gates
        if gate != OFF_TOPIC
        and not gate.startswith(OWNS)
        and (_is_held_by_words(gate, seen) or not _reopens(gate, opinion, rule))
    ]
    unasked, only_surely = _unasked(seen), _only_surely(seen, opinion, rule, wishes=wishes)
    for name, bar in rule.gates.items():
        chance = opinion.gates.get(name, 0.0)
        if chance < bar or name in unasked or name in closed:
            continue
        if chance >= rule.gates_stick_from:
            closed.append(name)
        elif name not in only_surely:
            closed.append(f"{PERHAPS}{name}")
    if NO_GATES.isdisjoint(closed):
        return tuple(closed)
    # A plain no is all that is amiss.
    return tuple(gate for gate in closed if gate.removeprefix(PERHAPS) != CONDUCT)


def _off_topic(seen: Detection, opinion: Opinion, rule: OnTopic, need: float) -> tuple[str, ...]:
    """The gate of what is none of ours, if it is closed; a wish to buy is ours whatever it says."""
    if seen.purchase or _is_ours(seen, opinion, rule, need):
        return ()
    return (OFF_TOPIC if opinion.on_topic < rule.doubted_from else f"{PERHAPS}{OFF_TOPIC}",)


def _unasked(seen: Detection) -> Collection[str]:
    """The heads that are not asked of a message which phrases know better."""
    unasked = set(seen.unsuspected)
    if seen.asks_why or (seen.asks_more and seen.names and seen.mentioned):
        unasked |= _OF_A_QUESTION_WHY
    if seen.enquires:
        unasked |= _OF_AN_ENQUIRY
    if seen.asks_anyway or (seen.opts_in and NO_GATES.isdisjoint(seen.gates)):
        unasked |= _OF_AN_OPT_IN
    return unasked


def _only_surely(
    seen: Detection, opinion: Opinion, rule: StageRule, *, wishes: bool
) -> Collection[str]:
    """The gates that a head must be sure of to close them."""
    if not wishes:
        # What phrases make much of is plain: that something may be amiss is no more than a guess.
        plain = seen.escalate and seen.scores.get("total", 0.0) >= rule.plain_from
        return {*seen.spoken_against, CONDUCT} if plain else seen.spoken_against
    # That something is amiss, and no head says what, is no reason to leave a buyer without a link.
    faint = {CONDUCT}
    if opinion.gates.get(REFUSAL, 0.0) < rule.gates_stick_from / 2:
        faint.add(REFUSAL)
    return {*seen.spoken_against, *faint}


def _is_ours(seen: Detection, opinion: Opinion, rule: OnTopic, need: float) -> bool:
    """Whether the subject is ours; without a word of the trade a likely need speaks for it too.

    A stranger's small trouble looks like ours, and so does his deep one: seldom both at once. So
    the odds of either multiply, as those of independent evidence; `need`, its chance, never speaks
    against.
    """
    if OFF_TOPIC not in seen.gates:
        return opinion.on_topic >= rule.with_a_word
    return logit(opinion.on_topic) + max(0.0, logit(need)) >= logit(rule.without)


def _is_held_by_words(gate: str, seen: Detection) -> bool:
    """Whether no scorer may judge of what closed it: a certain phrase, or all that was said.

    Only what was said before makes a question somebody else's; a thumb up has no word. To a scorer
    both look like the need before them, and half a sentence of despair like the rest of it all.
    """
    if gate in seen.certainly:
        return True
    known = gate in _BY_ALL_THAT_WAS_SAID
    return known and all(found.group != gate for found in seen.closed_by)


def _reopens(gate: str, opinion: Opinion, rule: StageRule) -> bool:
    if gate in opinion.gates:
        return gate in rule.reopen.gates and opinion.gates[gate] < rule.reopen.gate_below
    return opinion.escalate > rule.reopen.need_from


def _kept(chance: float) -> float:
    """A probability with four digits, never more than it was: it reaches what its question did."""
    return math.floor(round(chance * 1e4, 6)) / 1e4


def figures(tier: str, opinion: Opinion) -> dict[str, float]:
    """What of an opinion stands among the scores of a detection, under the tier's name."""
    told = {
        f"{tier}.escalate": _kept(opinion.escalate),
        f"{tier}.on_topic": round(opinion.on_topic, 4),
    }
    for name, chance in opinion.offers.items():
        told[f"{tier}.offer.{name}"] = round(chance, 4)
    for name, chance in opinion.gates.items():
        if chance >= _WORTH_TELLING:
            told[f"{tier}.gate.{name}"] = round(chance, 4)
    return told


def with_choice(
    detection: Detection, offer: str | None, reason: Reason | None, known: Collection[str]
) -> Detection:
    """The detection with a language model's word: the offer that it chose, `None` for none.

    Nothing changes where it chose an offer that is not `known`. A model's word lifts no cool-down:
    only a phrase makes a question a wish to buy.
    """
    if offer is not None and offer not in known:
        return detection
    told = offer is not None
    return replace(
        detection,
        escalate=told,
        need=told,
        offer=offer,
        reason=(reason or detection.reason or Reason.PERSONALIZED_HELP) if told else None,
        purchase=False,
        stage=Stage.LLM,
        gates=() if told else detection.gates,
    )
