"""Question and history in, decision out.

`Detector` looks at the words, `decide` at all the rest, so that detection can start before history
is there and before the model has answered. All of it is pure but for the later stages: `model` and
`encoder` read files, `beside` has a thread, and `classify` asks over the network.

Reading order, in which every module has its place:

- What stands in a text: `normalise`, `match`, `reading`, `fillers`, `topics`.
- The keyword stage: `detect`, and what it asks: `weigh`, `offers`, `gates`; names of ours and
  wishes to buy, `named`, `spoken_of`, `buying`, `ownership`, `asking_anyway`; a message as the
  answer to a reply, `answering`, `answers`, `asked_back`, `woven`.
- The learned stages: `opinion`; `features`, `spelling`, `model`, `packed`; `encoding`, `encoder`,
  `beside`; a language model's word, `classify`, `model_answer`; and what becomes of them,
  `combine`, `cascade`, `stages`.
- What was said before: `visit`, `earlier`, `guesses`, `kept_gates`, `said_before`, `aftermath`.
- Whether it may be said, and how: `case`, `replies`, `policy`, `strength`; `assign`, `arms`;
  `templates`, `calling`.
- How a decision is told: `describe`, `explain`, `lines`.
"""

from dataclasses import replace
from datetime import timedelta
from functools import partial

from tay_middleware.decide.aftermath import after_mention, last_mention
from tay_middleware.decide.arms import SHOWN, Aim, aimed, assigned
from tay_middleware.decide.calling import fitting
from tay_middleware.decide.case import Case, Circumstances
from tay_middleware.decide.describe import describe
from tay_middleware.decide.detect import Detector
from tay_middleware.decide.explain import SAME_WORDS, flips
from tay_middleware.decide.kept_gates import said_noes
from tay_middleware.decide.replies import Facts, Obstacle, ReplyFacts
from tay_middleware.decide.said_before import confirmed, heard
from tay_middleware.decide.templates import (
    acknowledge,
    explain_mention,
    is_fitted,
    pick,
    render,
)
from tay_middleware.domain import (
    Assignment,
    Decision,
    Detection,
    History,
    Kind,
    Mode,
    Suppression,
    Turn,
)
from tay_middleware.playbook import HOLDOUT, Playbook, Template
from tay_middleware.playbook.mention import UnfitWordingError

__all__ = [
    "Circumstances",
    "Detector",
    "Facts",
    "ReplyFacts",
    "UnfitWordingError",
    "decide",
    "describe",
    "flips",
    "word",
]

_AFTER_PAUSED = (Suppression.HOLDOUT, Suppression.UNWEAVABLE, Suppression.DEGRADED)
"""Causes that give way to `paused`: without any wording there is nothing to hold back."""

_NO_FACTS = ReplyFacts()
"""Of a reply for which nothing is fitted: to look for its pet names takes longer than the rest."""

_SPEAKABLE = frozenset({None, Obstacle.NO_ANSWER, Obstacle.ADVISES_AGAINST})
"""Obstacles under which we may speak of ourselves: a stop is confirmed also where the reply only
asks back or says to spend nothing, while an offer there would stand instead of an answer."""


def decide(
    turn: Turn,
    detection: Detection,
    history: History,
    playbook: Playbook,
    around: Circumstances,
) -> Decision:
    """Make the decision of one turn: what to say, or the first cause that holds it back.

    The sentence itself is made by `word`, from the decision and nothing else.
    """
    detection = after_mention(turn, detection, history, playbook)
    detection = heard(detection, turn, history, playbook, around.reply)
    case = Case(turn, detection, history, playbook, around)
    decision = _answered_anyway(case) or _about_ourselves(case)
    if decision is None and detection.need and detection.offer is not None:
        return _with_offer(case)
    assignments = assigned(turn, playbook, around)
    if decision is None:
        return _nothing(detection, playbook, _gate_notes(detection), assignments)
    return replace(decision, assignments=assignments)


def word(decision: Decision, turn: Turn, playbook: Playbook, reply: Facts) -> str | None:
    """The sentence that a decision says, fitted to the reply; `None` when it says nothing.

    `$topic` is the offer's own where the question's is not sure, and for a wish to buy, which is
    about the offer ("what does the course cost?" is no question about pricing). Where the sentence
    goes in the reply is the weave's business.

    Raises:
        UnfitWordingError: the chosen wording, filled in, breaks a rule; nothing may be shown then.
    """
    if decision.kind is Kind.MENTION and decision.template is not None:
        template = playbook.by_id[decision.template]
        about = decision.detection
        topic = about.topic if about.sure_topic and not about.purchase else None
        facts: Facts = _NO_FACTS
        if is_fitted(template, playbook, topic):
            facts = fitting(reply, turn, playbook, upset=about.upset)
        return render(template, playbook, topic, facts)
    if decision.kind is Kind.ACKNOWLEDGEMENT:
        return acknowledge(playbook, _who(turn), reply)
    if decision.kind is Kind.EXPLANATION and decision.offer and decision.reason:
        return explain_mention(playbook, decision.offer, decision.reason, reply)
    return None


def _with_offer(case: Case) -> Decision:
    detection, playbook = case.detection, case.playbook
    aim, assignments = aimed(case)
    notes = (*_gate_notes(detection), *aim.notes)
    if aim.dropped or (not detection.escalate and aim.cause is None):
        return _nothing(detection, playbook, notes, assignments)
    offer, cause = aim.detection.offer or "", aim.cause
    template, missing = _wording(case, aim, offer)
    why: str | None = case.around.reply.obstacle if cause is Suppression.UNWEAVABLE else None
    if template is None and cause in {None, *_AFTER_PAUSED}:
        cause, why = missing, SAME_WORDS if missing is Suppression.COOLDOWN else None
    shown = cause is None and template is not None
    arm = {None: SHOWN, Suppression.HOLDOUT: HOLDOUT}.get(cause) if template else None
    return Decision(
        detection=detection,
        kind=_kind(cause, shown=shown),
        suppressed=cause,
        playbook_version=playbook.version,
        offer=offer,
        reason=detection.reason,
        strength=aim.strength,
        template=template.id if template else None,
        variant=template.variant if template else None,
        arm=arm,
        notes=(*notes, *_held_back(cause, why)),
        assignments=assignments,
    )


def _wording(case: Case, aim: Aim, offer: str) -> tuple[Template | None, Suppression]:
    """The wording to use, and why there is none where there is none.

    All are paused, or the only one that is left to her (by an arm, say) is the one she read last:
    it waits for the `same_words_days` of `policy.yaml`, but for a wish to buy.
    """
    turn, history, playbook = case.turn, case.history, case.playbook
    picked = partial(
        pick,
        playbook,
        offer,
        aim.strength,
        turn.tier,
        _who(turn),
        among=aim.variants,
        paused=case.around.paused.union(playbook.policy.paused_templates),
        for_all=aim.for_all,
    )
    read = [one for one in history.turns if one.kind is Kind.MENTION and one.template]
    template = picked(shown=[one.template for one in read if one.template])
    again = picked() if template is None and read else None
    if again is not None:
        rested = timedelta(days=playbook.policy.same_words_days)
        if aim.detection.purchase or turn.asked_at - read[-1].at >= rested:
            template = again
    return template, Suppression.PAUSED if again is None else Suppression.COOLDOWN


def _answered_anyway(case: Case) -> Decision | None:
    """What is said to who stops us and asks for an offer in one message: the answer, if any.

    Otherwise the stop is confirmed like any other.
    """
    detection = case.detection
    if not (detection.asks_anyway and detection.need and detection.offer is not None):
        return None
    decision = _with_offer(case)
    return decision if decision.shown else None


def _about_ourselves(case: Case) -> Decision | None:
    """The two turns that are answered with a sentence about us rather than with an offer."""
    turn, detection, playbook = case.turn, case.detection, case.playbook
    causes = playbook.gates.causes(detection.gates)
    stops = Suppression.OPTED_OUT in said_noes(detection, playbook.gates)
    stops = stops and not confirmed(turn, case.history, playbook)
    asks = detection.asks_why and {Suppression.SENSITIVE, Suppression.OPTED_OUT}.isdisjoint(causes)
    if not (stops or asks) or not _may_speak(case.around):
        return None
    if stops:
        return Decision(
            detection=detection,
            kind=Kind.ACKNOWLEDGEMENT,
            suppressed=Suppression.OPTED_OUT if detection.need else None,
            playbook_version=playbook.version,
            notes=("asked for no more recommendations: acknowledged",),
        )
    past = last_mention(turn, case.history)
    offer = past.offer if past is not None and past.offer in playbook.offers else None
    if past is not None and past.reason and offer is not None:
        return Decision(
            detection=detection,
            kind=Kind.EXPLANATION,
            suppressed=None,
            playbook_version=playbook.version,
            offer=offer,
            reason=past.reason,
            notes=("asked why the last mention was made: explained",),
        )
    return None


def _may_speak(around: Circumstances) -> bool:
    facts = around.reply
    return around.mode is Mode.ON and facts.obstacle in _SPEAKABLE and facts.in_language


def _nothing(
    detection: Detection,
    playbook: Playbook,
    notes: tuple[str, ...],
    assignments: tuple[Assignment, ...],
) -> Decision:
    return Decision(
        detection=detection,
        kind=Kind.NONE,
        suppressed=None,
        playbook_version=playbook.version,
        notes=notes,
        assignments=assignments,
    )


def _kind(cause: Suppression | None, *, shown: bool) -> Kind:
    if cause is Suppression.ALREADY_MENTIONED:
        return Kind.ORGANIC
    return Kind.MENTION if shown else Kind.NONE


def _held_back(cause: Suppression | None, why: str | None) -> tuple[str, ...]:
    """The cause, with what it does not say by itself."""
    if cause is None:
        return ()
    return (f"held back: {cause} ({why})" if why else f"held back: {cause}",)


def _gate_notes(detection: Detection) -> tuple[str, ...]:
    return tuple(f"gate {name} is closed" for name in detection.gates)


def _who(turn: Turn) -> str:
    """What assignment is sticky by; without any identity it is the turn, so arms stay balanced."""
    return turn.user_key or str(turn.turn_id)
