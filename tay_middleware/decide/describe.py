"""A decision as plain JSON: what `tay decide` prints and `response_metadata["tay"]` holds."""

from collections.abc import Mapping

from tay_middleware.decide.explain import Earlier
from tay_middleware.domain import Decision, Detection, Indicator

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


def describe(decision: Decision) -> dict[str, Json]:
    """Every field an outsider may rely on; enums as their values, spans as `[start, end]` fields.

    `detected` is the verdict after the gates. `offer`, `reason` and `strength` are those of the
    need that was found, also where it is held back; all `None` where there is none.
    """
    detection = decision.detection
    told = detection.escalate or decision.suppressed is not None or decision.kind.value != "none"
    return {
        "detected": detection.escalate,
        "shown": decision.shown,
        "kind": decision.kind.value,
        "suppressed": decision.suppressed.value if decision.suppressed else None,
        "offer": decision.offer if told else None,
        "reason": decision.reason.value if told and decision.reason else None,
        "strength": decision.strength.value if told and decision.strength else None,
        "confidence": detection.confidence,
        "stage": detection.stage.value,
        "gates": list(detection.gates),
        "scores": _rounded(detection.scores),
        "indicators": [_indicator(found) for found in detection.indicators],
        "topic": detection.topic,
        "template": decision.template,
        "variant": decision.variant,
        "arm": decision.arm,
        "experiments": {one.experiment: one.arm for one in decision.assignments},
        "playbook_version": decision.playbook_version,
        "notes": list(decision.notes),
    }


def closed_now(detection: Detection) -> list[Json]:
    """The phrases that closed gates which are closed still, with their spans as typed."""
    return [
        {"gate": found.group, "phrase": found.phrase, "start": found.start, "end": found.end}
        for found in detection.closed_by
        if found.group in detection.gates
    ]


def closed_before(earlier: Earlier) -> Json:
    """The same of a gate that an earlier message closed; `phrase` is null for a learned head."""
    found = earlier.found
    return {
        "gate": earlier.gate,
        "phrase": found.phrase if found else None,
        "start": found.start if found else None,
        "end": found.end if found else None,
        "message": earlier.message,
    }


def _rounded(scores: Mapping[str, float]) -> dict[str, Json]:
    return {name: round(score, 4) for name, score in scores.items()}


def _indicator(found: Indicator) -> Json:
    return {
        "group": found.group,
        "phrase": found.phrase,
        "start": found.start,
        "end": found.end,
        "weight": round(found.weight, 4),
    }
