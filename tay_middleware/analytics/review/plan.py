"""What to do on Friday: a few steps, each with its reason, its effect and when to take it back."""

from collections.abc import Iterator

from tay_middleware.analytics.experiments import Call, State, Verdict
from tay_middleware.analytics.metrics import ESCALATION_TARGET
from tay_middleware.analytics.review.document import Action
from tay_middleware.analytics.review.facts import Facts
from tay_middleware.analytics.wording import interval, percent
from tay_middleware.playbook import HOLDOUT

MOST = 5
"""More than these nobody does in a week."""

LEAST_HOLDOUT = "0.2"


def plan(facts: Facts) -> tuple[Action, ...]:
    """The steps, the most urgent first."""
    found = [
        *_repairs(facts),
        *_decisions(facts),
        *_threshold(facts),
        *_wordings(facts),
        *_tests(facts),
    ]
    return tuple(found[:MOST]) or (_nothing(),)


def _repairs(facts: Facts) -> Iterator[Action]:
    for verdict in facts.verdicts:
        if verdict.call is Call.UNHEALTHY:
            yield Action(
                f"Find out what is wrong with the test {verdict.name}",
                "; ".join(verdict.health.problems),
                f"tay experiments show {verdict.name}",
                "a test that can be read",
                "nothing changes for anybody",
            )
    for name, reason in facts.paused:
        yield Action(
            f"Rewrite or drop {name}",
            f"it was paused by itself: {reason}",
            f"edit it in prompts/ and `tay playbook check`, then `tay experiments resume {name}`",
            "its users get the other wordings meanwhile",
            "it is paused again by itself if people go on disliking it",
        )


def _decisions(facts: Facts) -> Iterator[Action]:
    for verdict in facts.verdicts:
        if verdict.call is Call.SHIP and verdict.kind != HOLDOUT:
            yield _ship(verdict)
        elif verdict.call is Call.NO_DIFFERENCE and verdict.state is State.RUNNING:
            yield Action(
                f"Stop the test {verdict.name}",
                "its arms differ by nothing worth having",
                f"prompts/experiments.yaml, {verdict.name}: `stop:` today; keep {verdict.control}",
                "room for the next test",
                "nothing changes for most users",
            )


def _ship(verdict: Verdict) -> Action:
    found = next((one for one in verdict.comparisons if one.arm == verdict.ship), None)
    expected = ""
    if found is not None:
        low, high = 100 * found.interval.low, 100 * found.interval.high
        expected = f"{100 * found.difference:+.1f} points of conversion ({low:+.1f} to {high:+.1f})"
    return Action(
        f"Ship {verdict.ship} of {verdict.name}",
        verdict.words,
        f"prompts/experiments.yaml, {verdict.name}: `stop:` today; keep only {verdict.ship} in "
        "prompts/templates",
        expected,
        f"in four weeks its rate lies under what {verdict.control} had",
    )


def _threshold(facts: Facts) -> Iterator[Action]:
    rate = facts.now.one("escalation_rate")
    if rate.stands not in {"above the target", "below the target"}:
        return
    word = "Raise" if rate.stands.startswith("above") else "Lower"
    middle = (ESCALATION_TARGET.low + ESCALATION_TARGET.high) / 2
    yield Action(
        f"{word} the threshold",
        f"the escalation rate is {rate.stands}: {percent(rate.number or 0.0)}, {interval(rate)} %",
        f"tay tune --target-rate {100 * middle:g}% --patch threshold.patch, then git apply it",
        f"a rate near {percent(middle)}",
        "bad reactions rise, or next week's rate leaves the forecast",
    )


def _wordings(facts: Facts) -> Iterator[Action]:
    """An offer below its target, or one that lags behind, is where a new wording is worth most."""
    low = [
        one for one in facts.ripe.of("conversion_rate", "offer") if one.stands == "below the target"
    ]
    for one in low:
        yield Action(
            f"Write a new wording for the {one.value}, and test it",
            f"its mentions convert below the target: {percent(one.number or 0.0)}, "
            f"{interval(one)} %",
            "add a variant in prompts/templates and a test in prompts/experiments.yaml; "
            "`tay experiments plan` says how long it takes",
            "known when the test says so",
            "the test's guard pauses what people dislike by itself",
        )


def _tests(facts: Facts) -> Iterator[Action]:
    """Nothing is learned in a week without a test, and nothing is known without a holdout."""
    names = {one.name: one for one in facts.verdicts}
    if HOLDOUT not in names:
        yield Action(
            "Hold out a share of users",
            "nobody knows what mentions add: credited sales might have come by themselves",
            f"prompts/policy.yaml, holdout: `share: {LEAST_HOLDOUT}`",
            "in some weeks: what mentions really bring, with its interval",
            "never, but make it 0.1 once it is known",
        )
    running = [one for one in facts.verdicts if one.state is State.RUNNING and one.name != HOLDOUT]
    drafts = [one for one in facts.verdicts if one.state is State.DRAFT]
    if not running and drafts:
        yield Action(
            f"Start the test {drafts[0].name}",
            f"no test is running: {drafts[0].asks}",
            f"prompts/experiments.yaml, {drafts[0].name}: `start:` next Monday",
            "known when the test says so",
            "the test's guard pauses what people dislike by itself",
        )


def _nothing() -> Action:
    return Action(
        "Change nothing",
        "everything is within its target, or too young to judge",
        "let the tests run; look again next week",
        "figures as they are",
        "a figure leaves its forecast",
    )
