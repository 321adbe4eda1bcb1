"""What to do on Friday: a few steps, each with its reason, its effect and when to take it back."""

from collections.abc import Iterator
from datetime import date, timedelta

from tay_middleware.analytics.experiments import Call, State, Verdict
from tay_middleware.analytics.held_out import measured_with_all_shown
from tay_middleware.analytics.review.diffs import Prompts
from tay_middleware.analytics.review.document import Action
from tay_middleware.analytics.review.facts import Facts
from tay_middleware.analytics.review.shipping import shipping
from tay_middleware.analytics.tuning import Verdict as Tuning
from tay_middleware.analytics.wording import interval, percent
from tay_middleware.playbook import HOLDOUT, Playbook
from tay_middleware.playbook.patch import Change

MOST = 5
"""More than these nobody does in a week."""

FIRST_HOLDOUT, LATER_HOLDOUT = 0.2, 0.1
"""Shares that the brief's first weeks hold out, and once it is known what mentions add."""


def plan(facts: Facts, prompts: Prompts, today: date) -> tuple[Action, ...]:
    """The steps, the most urgent first."""
    if facts.playbook is None:
        return (_mend(),)
    found = [
        *_repairs(facts, facts.playbook, prompts),
        *_decisions(facts, facts.playbook, prompts, today),
        *_holdout(facts, facts.playbook, prompts),
        *_threshold(facts, prompts),
        *_wordings(facts),
        *_starts(facts, prompts, today),
    ]
    return tuple(found[:MOST]) or (_nothing(),)


def _repairs(facts: Facts, playbook: Playbook, prompts: Prompts) -> Iterator[Action]:
    for verdict in facts.verdicts:
        if verdict.call is Call.UNHEALTHY and verdict.state is State.RUNNING:
            yield Action(
                f"Find out what is wrong with the test {verdict.name}",
                "; ".join(verdict.health.problems),
                f"`tay experiments show {verdict.name}`",
                "a test that can be read",
                "never, for nobody sees any of it",
            )
        elif verdict.health.doubts and verdict.state is State.RUNNING:
            yield Action(
                f"Tell the checkout who buys, for the test {verdict.name}",
                "; ".join(verdict.health.doubts),
                "`tay_user_id` in the checkout's metadata, or the user's id in "
                "`client_reference_id`",
                "a test that can be believed",
                "never, for nobody sees any of it",
            )
    for one in facts.paused:
        policy, name = playbook.policy, one.name
        # What a person paused she switches on again when she means to.
        if not one.by_itself or name in {*policy.paused_templates, *policy.paused_offers}:
            continue
        is_offer = name in playbook.offers
        listed = policy.paused_offers if is_offer else policy.paused_templates
        kept = ", ".join(sorted({*listed, name}))
        key = "paused_offers" if is_offer else "paused_templates"
        yield Action(
            f"Drop {name}, or rewrite it",
            f"it was paused by itself: {one.reason}",
            f"to drop it for good, `{key}: [{kept}]` in prompts/policy.yaml; to try it again, "
            f"reword it in prompts/templates and `tay experiments resume {name}`",
            "nobody is offered it" if is_offer else "its users go on getting the other wordings",
            "you have better words: it is paused again by itself if people dislike those too",
            prompts.diff("policy.yaml", [key], f"[{kept}]"),
        )


def _decisions(facts: Facts, playbook: Playbook, prompts: Prompts, today: date) -> Iterator[Action]:
    for verdict in facts.verdicts:
        if verdict.kind == HOLDOUT or verdict.state is not State.RUNNING or verdict.health.doubts:
            continue
        end = Change("experiments.yaml", ("experiments", verdict.name, "stop"), today.isoformat())
        if verdict.call is Call.SHIP and verdict.ship is not None:
            yield _ship(verdict, verdict.ship, playbook, prompts, end)
        elif verdict.call in {Call.NO_DIFFERENCE, Call.NOT_BETTER}:
            yield Action(
                f"Stop the test {verdict.name}",
                f"its verdict: {verdict.words}",
                f"end it, and keep {verdict.control}",
                "room for the next test",
                "you want to know of a smaller difference than it was planned for",
                prompts.diff_of([end]),
            )


def _ship(
    verdict: Verdict, winner: str, playbook: Playbook, prompts: Prompts, end: Change
) -> Action:
    found = next((one for one in verdict.comparisons if one.arm == winner), None)
    expected = "what the test has shown"
    if found is not None:
        low, high = 100 * found.interval.low, 100 * found.interval.high
        expected = (
            f"of the users who get it {100 * found.difference:+.1f} points more buy "
            f"({low:+.1f} to {high:+.1f}); the rate of mentions is another"
        )
    how, changes = shipping(verdict.name, winner, playbook, end)
    return Action(
        f"Ship {winner} of {verdict.name}",
        f"the test has shown that it beats {verdict.control}"
        if winner != verdict.control
        else "the test has shown that the others do worse",
        how,
        expected,
        f"in four weeks fewer of its users buy than of {verdict.control} did in the test",
        prompts.diff_of(changes) if changes else "",
    )


def _holdout(facts: Facts, playbook: Playbook, prompts: Prompts) -> Iterator[Action]:
    """Nothing is known of what mentions add without one; once it is known, a smaller one does."""
    verdict = next((one for one in facts.verdicts if one.kind == HOLDOUT), None)
    share = playbook.policy.holdout.share
    if verdict is None:
        yield Action(
            "Hold out a share of users",
            "nobody knows what mentions add: credited sales might have come by themselves",
            "show these users nothing, and log what would have been shown",
            "in some weeks: what mentions really bring, with its interval",
            "it is known what mentions add: then 0.1 does",
            prompts.diff("policy.yaml", ["holdout", "share"], FIRST_HOLDOUT),
        )
    elif verdict.call is not Call.SHIP or verdict.health.doubts:
        return
    elif verdict.ship == "shown" and share > LATER_HOLDOUT:
        yield Action(
            "Hold out fewer users",
            "it is known now that mentions sell what would not be sold without them",
            "a smaller holdout goes on watching it",
            f"mentions for {percent(share - LATER_HOLDOUT)} more of the users who need them",
            "the effect is in doubt again",
            prompts.diff("policy.yaml", ["holdout", "share"], LATER_HOLDOUT),
        )
    elif verdict.ship != "shown":
        yield Action(
            "Switch the mentions off",
            verdict.words,
            "TAY_MODE=shadow decides and logs, and shows nothing",
            "no more sales lost to mentions",
            "new wordings are ready to be tested against silence",
        )


def _threshold(facts: Facts, prompts: Prompts) -> Iterator[Action]:
    share, found = facts.held_out, facts.tuning
    rate = measured_with_all_shown(facts.now.one("escalation_rate"), share)
    if found is None or rate.number is None:
        return
    held = ", were nobody held out" if share else ""
    why = f"the escalation rate is {rate.stands}: {percent(rate.number)}, {interval(rate)} %{held}"
    point = found.at_proposed
    if found.verdict is not Tuning.MOVE or found.proposed is None or point is None:
        yield Action(
            "Look at why Tay mentions offers so often, or so seldom",
            f"{why}; the replay of other thresholds says: {found.words}",
            "`tay tune --target-rate 12.5%`",
            "a threshold, once the log has enough to say",
            "never, for nothing is changed by looking",
        )
        return
    low, high = percent(point.rate.low), percent(point.rate.high)
    yield Action(
        f"Move the threshold {found.knob} from {found.live:g} to {found.proposed:g}",
        why,
        "first `tay playbook diff --replay` with the change, to see which decisions flip",
        f"as replayed: {percent(point.rate.value or 0.0)} of questions ({low} to {high})"
        + (", with those who are held out" if share else ""),
        "bad reactions rise, or next week's rate leaves the forecast",
        prompts.diff("policy.yaml", found.knob.split("."), found.proposed),
    )


def _wordings(facts: Facts) -> Iterator[Action]:
    """An offer below its target is where a new wording is worth most."""
    for one in facts.ripe.of("conversion_rate", "offer"):
        if one.stands == "below the target":
            yield Action(
                f"Write a new wording for the {one.value}, and test it",
                f"its mentions convert below the target: {percent(one.number or 0.0)}, "
                f"{interval(one)} %",
                "add a variant in prompts/templates and a test in prompts/experiments.yaml; "
                "`tay experiments plan` says how long it takes",
                "known when the test says so",
                "people react badly (what many dislike is paused by itself)",
            )


def _starts(facts: Facts, prompts: Prompts, today: date) -> Iterator[Action]:
    """Nothing is learned in a week without a test."""
    running = [one for one in facts.verdicts if one.state is State.RUNNING and one.kind != HOLDOUT]
    drafts = [one for one in facts.verdicts if one.state is State.DRAFT]
    if running or not drafts:
        return
    monday = today + timedelta(days=7 - today.weekday())
    name = drafts[0].name
    yield Action(
        f"Start the test {name}",
        f"no test is running: {drafts[0].asks}",
        f"from Monday, {monday:%-d %B}, on",
        "known when the test says so",
        "people react badly (what many dislike is paused by itself)",
        prompts.diff("experiments.yaml", ["experiments", name, "start"], monday.isoformat()),
    )


def _mend() -> Action:
    return Action(
        "Mend the playbook",
        "the files in prompts/ are wrong, and no good ones known here: of tests nothing is said",
        "`tay playbook check` names each mistake with its mend; then make this review again",
        "a review with its tests and its plan",
        "never, for nothing is in force yet",
    )


def _nothing() -> Action:
    return Action(
        "Change nothing",
        "everything is within its target, or too young to judge",
        "let the tests run; look again next week",
        "figures as they are",
        "a figure leaves its forecast",
    )
