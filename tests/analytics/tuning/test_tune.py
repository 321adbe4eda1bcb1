"""What is proposed, and what is refused, on logs whose law is known."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random
from uuid import UUID

import pytest

from tay_middleware.analytics.tuning import Knob, Log, Order, Verdict, tune
from tay_middleware.analytics.tuning.cases import Case, Fate
from tay_middleware.analytics.tuning.gather import Deciding, Sale
from tay_middleware.analytics.tuning.measure import Labelled
from tay_middleware.analytics.tuning.replay import Passing
from tay_middleware.analytics.tuning.tune import NEAR_ENOUGH
from tay_middleware.decide import Circumstances
from tay_middleware.domain import Mode
from tay_middleware.playbook import Playbook
from tests.builders import NOON
from tests.uncounted import at_scale

from .world import DAY, World, in_world, with_threshold

pytestmark = pytest.mark.scale

LIVE, HELD_OUT = 0.3, 0.2
END = NOON + 60 * DAY


def a_case(number: int, score: float, *, fate: Fate = Fate.PASSES, user: str = "") -> Case:
    asked = NOON.timestamp() + number
    detected = score >= LIVE
    return Case(
        id=UUID(int=number),
        user=user or f"u{number}",
        session="s",
        asked=asked,
        answered=asked + 1,
        score=score,
        fate=fate if detected else Fate.UNKNOWN,
        lifts=False,
        detected=detected,
        shown=detected and fate is Fate.PASSES,
        knob=Knob.SCORER,
        chance=Random(number).random(),
    )


def a_log(cases: list[Case], **more: object) -> Log:
    needs = sum(case.detected for case in cases)
    log = Log(
        since=NOON,
        until=END,
        knob=Knob.SCORER,
        cases=cases,
        passing=Passing.of(cases),
        stages={"scorer": Deciding(len(cases), needs)},
    )
    return replace(log, **more)  # type: ignore[arg-type]  # fields by name


def one_question_each(many: int, seed: int = 1) -> list[Case]:
    """Probabilities spread evenly, so that the rate at a threshold is one less the threshold."""
    random = Random(seed)
    return [a_case(number, round(random.random(), 4)) for number in range(1, many + 1)]


@pytest.fixture
def rules(playbook: Playbook) -> Playbook:
    return with_threshold(playbook, LIVE)


@pytest.mark.parametrize("target", [0.05, 0.1, 0.125, 0.15])
def test_the_threshold_of_a_rate_is_found(rules: Playbook, target: float) -> None:
    found = tune(a_log(one_question_each(4_000)), rules, Order(target=target))
    assert found.verdict is Verdict.MOVE
    assert found.proposed == pytest.approx(1 - target, abs=0.02)
    assert found.at_proposed is not None
    assert found.at_proposed.rate.value == pytest.approx(target, abs=NEAR_ENOUGH)
    assert found.words.startswith(f"raise 0.3 to {found.proposed:g}, for a rate of {target:.1%}")
    assert found.agreement == 1


def test_a_lower_threshold_is_proposed_and_its_sales_are_refused(rules: Playbook) -> None:
    """A fifth of the questions are far below: then the rate of 12 % lies below the live one."""
    random = Random(2)
    cases = [a_case(number, round(random.uniform(0.1, 0.315), 4)) for number in range(1, 4_001)]
    found = tune(a_log(cases), rules, Order(target=0.12))
    assert found.verdict is Verdict.MOVE
    assert found.proposed == pytest.approx(0.2892, abs=0.01)
    point = found.at_proposed
    assert point is not None
    assert point.known == pytest.approx(0.58, abs=0.05)
    assert "nobody was shown anything" in (point.credited.refused or "")
    assert "nobody was shown anything" in (point.added.net.refused or "")
    assert any("were decided in the log" in reason for reason in found.reasons)


@pytest.mark.parametrize(
    ("many", "target", "says"),
    [
        (499, 0.125, "499 questions, 500 are needed"),
        (1_000, 0.2, "20.0% is above the limit of 15.0%"),
    ],
)
def test_what_cannot_be_proposed_is_refused_with_its_reason(
    rules: Playbook, many: int, target: float, says: str
) -> None:
    found = tune(a_log(one_question_each(many)), rules, Order(target=target))
    assert (found.verdict, found.proposed) == (Verdict.REFUSED, None)
    assert says in found.words


def test_few_rows_beside_many_of_another_playbook_say_so(rules: Playbook) -> None:
    log = a_log(one_question_each(100), others={"old": 5_000})
    found = tune(log, rules, Order(target=0.125))
    assert "5,000 more were decided under other versions of the playbook" in found.words


def test_a_target_outside_what_was_logged_is_refused(rules: Playbook) -> None:
    cases = [a_case(number, 0.9 if number % 50 == 0 else 0.0) for number in range(1, 3_001)]
    never = [case._replace(score=float("-inf")) if not case.detected else case for case in cases]
    found = tune(a_log(never), rules, Order(target=0.125))
    assert "what was logged reaches from 0.0% to 2.0%" in found.words


def test_a_step_that_no_threshold_cuts_is_refused(rules: Playbook) -> None:
    cases = [a_case(number, 0.9 if number % 5 == 0 else 0.1) for number in range(1, 3_001)]
    found = tune(a_log(cases), rules, Order(target=0.1))
    assert found.verdict is Verdict.REFUSED
    assert "many questions share one score" in found.words


def test_more_unknown_than_known_is_refused(rules: Playbook) -> None:
    random = Random(3)
    cases = [a_case(at, round(random.uniform(0.1, 0.305), 4)) for at in range(1, 4_001)]
    found = tune(a_log(cases), rules, Order(target=0.12))
    assert found.verdict is Verdict.REFUSED
    assert "go there by steps" in found.words


def test_a_threshold_that_decided_little_is_not_moved(rules: Playbook) -> None:
    log = replace(a_log(one_question_each(1_000)), stages={"llm": Deciding(1_000, 200)})
    assert "this threshold found 0 needs" in tune(log, rules, Order(target=0.1)).words


def test_a_log_that_other_rules_made_is_refused(rules: Playbook) -> None:
    """Ten mentions a minute to one user: this playbook's cool-down never let them pass."""
    cases = [a_case(number, 0.9 * (number % 10 > 7), user="one") for number in range(1, 2_001)]
    found = tune(a_log(cases), rules, Order(target=0.1))
    assert "of the logged mentions again" in found.words


def test_a_rate_above_the_limit_is_brought_down_to_it(rules: Playbook) -> None:
    found = tune(a_log(one_question_each(4_000)), rules, Order())
    assert found.verdict is Verdict.MOVE
    assert found.at_proposed is not None
    assert 0.14 < (found.at_proposed.rate.value or 0) <= 0.15
    assert "above the limit" in found.words


def worlds_of_worth(rules: Playbook, *, harm: bool, many: int = 9_000) -> tuple[Log, Playbook]:
    """Users with one due mention each: above 0.6 it sells, below it only costs where `harm`."""
    policy = rules.policy.model_copy(
        update={"holdout": rules.policy.holdout.model_copy(update={"share": HELD_OUT})}
    )
    random, cases, sales = Random(7), [], {}
    annoyed = set()
    for number in range(1, many + 1):
        score = round(random.uniform(0.3, 1), 4)
        held = random.random() < HELD_OUT
        case = a_case(number, score, fate=Fate.HOLDOUT if held else Fate.PASSES)
        chance = 0.05 + (0.05 if score >= 0.6 and not held else 0)
        if random.random() < chance:
            at = (NOON + timedelta(days=3)).timestamp()
            sales[f"u{number}"] = [Sale(at, 10_000, "eur")]
        if harm and not held and score < 0.6 and random.random() < 0.4:
            annoyed.add(case.id)
        cases.append(case)
    silent = [a_case(number, 0.0) for number in range(many + 1, many * 7)]
    log = a_log([*cases, *silent], sales=sales, annoyed=annoyed)
    return log, replace(rules, policy=policy)


def test_mentions_that_surely_cost_more_than_they_bring_are_given_up(rules: Playbook) -> None:
    log, held = worlds_of_worth(rules, harm=True)
    found = tune(log, held, Order(annoyance_cost=20))
    assert found.verdict is Verdict.MOVE
    assert found.proposed is not None
    assert 0.3 < found.proposed <= 0.66
    assert "cost more than they bring" in found.words
    now, then = found.at_live, found.at_proposed
    assert now is not None
    assert then is not None
    assert (then.net.value or 0) > (now.net.value or 0)
    true = 0.05 * sum(case.score >= 0.6 for case in log.cases)
    assert then.added.purchases.low is not None
    assert then.added.purchases.high is not None
    assert then.added.purchases.low <= true <= then.added.purchases.high


def test_what_is_not_surely_better_is_left_alone(rules: Playbook) -> None:
    log, held = worlds_of_worth(rules, harm=False)
    found = tune(log, held, Order(annoyance_cost=20))
    assert (found.verdict, found.proposed) == (Verdict.KEEP, LIVE)


def test_without_a_holdout_nothing_is_said_of_what_mentions_add(rules: Playbook) -> None:
    log, _ = worlds_of_worth(rules, harm=True, many=2_000)
    open_to_all = [
        case._replace(fate=Fate.PASSES, shown=True) if case.fate is Fate.HOLDOUT else case
        for case in log.cases
    ]
    found = tune(replace(log, cases=open_to_all), rules, Order())
    assert found.verdict is Verdict.KEEP
    assert any("nobody was held out" in reason for reason in found.reasons)
    assert found.at_live is not None
    assert found.at_live.net.refused is not None


def test_what_people_judged_in_the_log_counts_beside_files(rules: Playbook) -> None:
    log = a_log(one_question_each(4_000))
    shown = [case for case in log.cases if case.shown][:40]
    judged = replace(log, labels={case.id: at % 4 > 0 for at, case in enumerate(shown)})
    alone = tune(judged, rules, Order(target=0.125)).at_live
    assert alone is not None
    assert alone.precision is not None
    assert (alone.precision.found, alone.precision.of) == (30, 40)
    labelled = [Labelled(0.95, False), Labelled(0.01, True)]
    both = tune(judged, rules, Order(target=0.125, labelled=labelled)).at_live
    assert both is not None
    assert both.precision is not None
    assert (both.precision.found, both.precision.of) == (30, 41)


def test_of_a_lower_threshold_the_log_says_nothing_and_files_do(rules: Playbook) -> None:
    random = Random(2)
    cases = [a_case(number, round(random.uniform(0.1, 0.315), 4)) for number in range(1, 4_001)]
    log = a_log(cases)
    shown = [case for case in log.cases if case.shown][:40]
    said = {case.id: True for case in shown}
    judged = replace(log, labels=said, helpful=said, annoyed=frozenset(said))
    lower = tune(judged, rules, Order(target=0.12)).at_proposed
    assert lower is not None
    assert lower.threshold < LIVE
    assert (lower.precision, lower.helpful, lower.annoyed) == (None, None, None)
    files = [Labelled(0.95, True), Labelled(lower.threshold, False)]
    told = tune(judged, rules, Order(target=0.12, labelled=files)).at_proposed
    assert told is not None
    assert told.precision is not None
    assert (told.precision.found, told.precision.of) == (1, 2)


def test_labels_say_how_right_a_threshold_is(rules: Playbook) -> None:
    labelled = [
        Labelled(0.2, False),
        Labelled(0.4, False),
        Labelled(0.6, True),
        Labelled(0.95, True),
    ]
    found = tune(a_log(one_question_each(4_000)), rules, Order(target=0.125, labelled=labelled))
    assert found.at_live is not None
    assert found.at_live.precision is not None
    assert (found.at_live.precision.found, found.at_live.precision.of) == (2, 3)
    assert found.at_proposed is not None
    assert found.at_proposed.precision is not None
    assert (found.at_proposed.precision.found, found.at_proposed.precision.of) == (1, 1)


@at_scale
def test_a_log_of_the_product_is_tuned_from_end_to_end(tmp_path: Path, playbook: Playbook) -> None:
    async def play(world: World) -> Log:
        await world.traffic(users=70, days=20)
        return await world.log()

    log = in_world(tmp_path, playbook, play, threshold=0.2)
    rules = with_threshold(playbook, 0.2)
    found = tune(log, rules, Order(target=0.06))
    assert found.verdict is Verdict.MOVE
    assert found.agreement == 1
    assert found.stages[0].name == "scorer"
    assert found.at_proposed is not None
    assert found.at_proposed.rate.value == pytest.approx(0.06, abs=NEAR_ENOUGH)
    assert found.questions == len(log.cases)


def test_a_log_of_shadow_mode_is_tuned_before_anybody_sees_a_mention(
    tmp_path: Path, playbook: Playbook
) -> None:
    async def play(world: World) -> Log:
        shadow = Circumstances(mode=Mode.SHADOW)
        for number in range(600):
            chance, at = world.random.random(), NOON + number * timedelta(minutes=1)
            await world.ask(f"u{number}", "s", chance, at=at, around=shadow)
        return await world.log()

    log = in_world(tmp_path, playbook, play)
    found = tune(log, with_threshold(playbook, LIVE), Order(target=0.12))
    assert found.verdict is Verdict.MOVE
    assert found.proposed == pytest.approx(0.88, abs=0.04)
    assert any("switched off all the time" in reason for reason in found.reasons)
