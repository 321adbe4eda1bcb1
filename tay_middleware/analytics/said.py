"""What can be said of a period in plain words: what is sure of it and what is not."""

from collections.abc import Iterable
from dataclasses import dataclass

from tay_middleware.analytics.held_out import with_all_shown
from tay_middleware.analytics.metrics import (
    CONVERSION_TARGET,
    ESCALATION_TARGET,
    Rate,
    Target,
    compared,
)
from tay_middleware.analytics.overview import Overview, Ranked

ENOUGH_TO_NAME = 30
"""Matured mentions that an offer or a wording needs before a sentence names it."""


@dataclass(frozen=True, slots=True)
class Said:
    """What can be said of a period: what is sure, what is not, and what to do about it."""

    sure: tuple[str, ...]
    unsure: tuple[str, ...]
    next: tuple[str, ...]


def said_of(found: Overview, held_out: float = 0.0) -> Said:
    """The figures of a period in sentences, by fixed rules; nobody's opinion.

    `held_out` is the share of users who are shown nothing, in [0, 1).
    """
    sure: list[str] = []
    unsure: list[str] = []
    for what, measured, target, band in (
        ("Tay mentioned an offer in", found.escalation_by_user, ESCALATION_TARGET, "10 to 15 %"),
        ("Mentions led to a sale in", found.conversion, CONVERSION_TARGET, "5 to 10 %"),
    ):
        if measured is None or measured.share is None:
            continue
        if measured.low is None or measured.high is None:
            continue
        stands = compared(measured, target)
        line = (
            f"{what} {100 * measured.share:.1f} % of {measured.n:,} cases (95 %: "
            f"{100 * measured.low:.1f} to {100 * measured.high:.1f} %); the target is {band}: "
            f"{stands}."
        )
        (sure if "target" in stands and "not sure" not in stands else unsure).append(line)
    _compare("offer", found.by["offer"], sure, unsure)
    unsure.append("Which wording sells best is what a test decides: the best of many is luck too.")
    return Said(tuple(sure), tuple(unsure), tuple(_advice(found, held_out)))


def _compare(noun: str, ranked: Iterable[Ranked], sure: list[str], unsure: list[str]) -> None:
    known = [one for one in ranked if one.rate.n >= ENOUGH_TO_NAME]
    if len(known) < 2:
        unsure.append(
            f"Which {noun} converts best cannot be said yet: fewer than two have "
            f"{ENOUGH_TO_NAME} mentions that are old enough."
        )
        return
    best, worst = known[0], known[-1]
    if _is_above(best.rate, worst.rate):
        sure.append(f"The {noun} {best.name} converts better than {worst.name}.")
    else:
        unsure.append(
            f"No {noun} is ahead for sure: the intervals of {best.name} and {worst.name} overlap."
        )


def _is_above(one: Rate, other: Rate) -> bool:
    return one.low is not None and other.high is not None and one.low > other.high


def _stands(measured: Rate | None, target: Target) -> str:
    return "too little data" if measured is None else compared(measured, target)


def _advice(found: Overview, held_out: float) -> Iterable[str]:
    rate = found.escalation_by_user
    escalation = _stands(rate and with_all_shown(rate, held_out), ESCALATION_TARGET)
    conversion = _stands(found.conversion, CONVERSION_TARGET)
    if escalation == "above the target":
        yield "Raise the threshold a little: mentions are more frequent than they should be."
    elif escalation == "below the target":
        yield "Look at questions that were not escalated: mentions are rarer than they could be."
    if conversion == "below the target":
        yield "Test another wording against the one that is shown most: mentions convert poorly."
    if conversion == "too little data":
        yield "Wait: mentions of this period are too few, or too young, to judge."
    if not {escalation, conversion} & {"above the target", "below the target"}:
        yield "Change nothing that is not part of a test."
