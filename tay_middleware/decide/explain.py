"""What would have flipped a decision, in words a person can act on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tay_middleware.domain import Decision, Detection, Indicator, Stage, Suppression
from tay_middleware.playbook import Playbook

_MENDS: Mapping[Suppression, str] = {
    Suppression.MODE: "TAY_MODE=on would show it",
    Suppression.NOT_ALLOWED: "it would show where policy.yaml's not_allowed has no such signal",
    Suppression.SENSITIVE: "never while somebody is hurt, upset or under age: this is not a knob",
    Suppression.OWNS_OFFER: "it would show to somebody who does not own {offer}",
    Suppression.OPTED_OUT: "it would show after the user asks for recommendations again",
    Suppression.DECLINED: "it would show after the declined_days of policy.yaml, or to buy",
    Suppression.LANGUAGE: "it would show under a reply in the playbook's language",
    Suppression.PAUSED: "it would show once the offer or its wordings are taken off the pause list",
    Suppression.COOLDOWN: "it would show once the cooldown of policy.yaml has passed",
    Suppression.BUDGET: "it would show below the budget of policy.yaml",
    Suppression.ALREADY_MENTIONED: "it would show if the reply did not name {offer} itself",
    Suppression.HOLDOUT: "it would show to a user outside the holdout",
    Suppression.UNWEAVABLE: "it would show under a plain, finished text reply that answers",
    Suppression.DEGRADED: "it would show with history readable and the wording intact",
}


SAME_WORDS = "the only wording left is the one she read last"
"""How a note tells a wording that waits from a user who does: to the log both are `cooldown`."""

_MEND_SAME_WORDS = "it would show with another wording, or after the same_words_days of policy.yaml"
"""Of a `cooldown` that is the wording's."""

_SAID_HERE: Mapping[Suppression, str] = {
    Suppression.OWNS_OFFER: "it would show to somebody who gave {offer} back",
    Suppression.DECLINED: "in the same conversation a no counts for good, but for a wish to buy",
}
"""The same of what was said earlier in the conversation, where that is another."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """A gate that an earlier message closed: which message, counted from 0, and by what words.

    `found` is `None` where no phrase of hers closed it, but a learned head, or a reply to her.
    """

    message: int
    gate: str
    found: Indicator | None

    def __str__(self) -> str:
        words = f" ({self.found.phrase!r})" if self.found else ""
        return f"{self.gate}{words} in message {self.message} of the history"


def flips(
    decision: Decision, playbook: Playbook, earlier: Sequence[Earlier] = ()
) -> tuple[str, ...]:
    """What would have made the decision come out the other way; at least one sentence.

    Args:
        decision: the decision.
        playbook: by which it was made.
        earlier: the gates of earlier messages that are its cause, if they are.
    """
    if decision.shown:
        return (_what_carried_it(decision, playbook),)
    return _said_before(decision, earlier) or _said_now(decision, playbook)


def _said_before(decision: Decision, earlier: Sequence[Earlier]) -> tuple[str, ...]:
    """The earlier messages that hold it back, and what would help against them."""
    cause = decision.suppressed
    if cause is None or not earlier:
        return ()
    told = ", ".join(map(str, earlier))
    return (
        f"held back by {told}",
        _SAID_HERE.get(cause, _MENDS[cause]).format(offer=decision.offer),
    )


def _said_now(decision: Decision, playbook: Playbook) -> tuple[str, ...]:
    """What of the question itself, of its user or of the reply holds it back."""
    detection = decision.detection
    cause, closed = decision.suppressed, _closed(detection)
    if cause is not None and (
        cause is Suppression.SENSITIVE or cause not in playbook.gates.causes(detection.gates)
    ):
        mend = _mend(decision, cause)
        if not closed:
            return (mend,)
        if cause is Suppression.SENSITIVE:
            return (mend, f"closed gates: {closed}")
        return (f"without {closed} it would be held back all the same, by {cause}", mend)
    if detection.need and closed:
        return (f"without {closed} it would escalate to {detection.offer}",)
    lines = [_what_it_lacked(detection, playbook)]
    if closed:
        lines.append(f"closed gates: {closed}")
    dropped = [found.phrase for found in detection.indicators if found.weight == 0.0]
    if dropped:
        lines.append(f"found but not counted: {', '.join(dropped)}")
    return tuple(lines)


def _mend(decision: Decision, cause: Suppression) -> str:
    if cause is Suppression.COOLDOWN and any(SAME_WORDS in note for note in decision.notes):
        return _MEND_SAME_WORDS
    return _MENDS[cause].format(offer=decision.offer)


def _closed(detection: Detection) -> str:
    """The closed gates, each with the words that closed it; empty without any."""
    told = []
    for gate in detection.gates:
        words = [repr(found.phrase) for found in detection.closed_by if found.group == gate]
        told.append(f"{gate} ({', '.join(words)})" if words else gate)
    return ", ".join(told)


def _what_it_lacked(detection: Detection, playbook: Playbook) -> str:
    """How far the last stage was from a yes."""
    if detection.stage is Stage.LLM:
        return "the classifier chose none; it would escalate had it chosen an offer"
    if detection.stage is Stage.MODEL and detection.least is not None:
        follows = " of words that only what was said before makes ours" if detection.follows else ""
        return (
            f"the probability is {detection.confidence:g}; "
            f"policy.yaml asks for {detection.least:g}{follows}"
        )
    rule, total = playbook.policy.threshold, detection.scores.get("total", 0.0)
    if total >= rule.min_score and not detection.need:
        words = " or words of a business with personal ones" if rule.business_and_personal else ""
        return (
            f"the score is {total:g}, which is enough; the threshold of policy.yaml also asks for "
            f"{rule.indicators} indicators that count{words}"
        )
    return f"the score is {total:g}; the threshold of policy.yaml is {rule.min_score:g}"


def _what_carried_it(decision: Decision, playbook: Playbook) -> str:
    groups = playbook.indicators.groups
    wishes = [
        repr(found.phrase)
        for found in decision.detection.indicators
        if found.weight > 0 and groups[found.group].kind.startswith("purchase")
    ]
    enough = _what_was_enough(decision)
    if decision.detection.purchase and wishes:
        return f"{', '.join(wishes)} asks to buy, which needs less: {enough}"
    return enough


def _what_was_enough(decision: Decision) -> str:
    if decision.detection.stage is not Stage.KEYWORDS:
        return (
            f"with a probability below {decision.detection.least:g} it would not show; it is "
            f"{decision.detection.confidence:g}"
            if decision.detection.stage is Stage.MODEL and decision.detection.least is not None
            else "had the classifier chosen none it would not show"
        )
    counted = [found for found in decision.detection.indicators if found.weight > 0]
    if not counted:
        return "nothing in the words carried it"
    strongest = max(counted, key=lambda found: found.weight)
    return (
        f"without {strongest.phrase!r} ({strongest.group}, {strongest.weight:g}) it might not show"
    )
