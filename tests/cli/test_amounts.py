"""Amounts in a terminal: whole units of their own currency, however many decimals it has."""

from dataclasses import replace
from datetime import date

import pytest
from rich.console import Console, RenderableType

from tay_middleware.analytics.experiments import Call, Verdict
from tay_middleware.analytics.experiments.verdict import Health, Increment, Interval, State
from tay_middleware.analytics.tuning import Estimate, Point, Proposal, Share
from tay_middleware.analytics.tuning import Verdict as Advice
from tay_middleware.analytics.tuning.worth import Added
from tay_middleware.analytics.wording import figure
from tay_middleware.cli import experiments_text, tune_text
from tests.builders import NOON

CURRENCIES = [("jpy", 1), ("eur", 100), ("kwd", 1_000)]
"""With the minor units of one."""


@pytest.mark.parametrize(
    ("number", "currency", "said"),
    [
        (1.235, "kwd", "1.235 KWD"),
        (4_900.0, "jpy", "4,900 JPY"),
        (49.0, "usd", "49.00 USD"),
        (0.5, "?", "0.50 ?"),
    ],
)
def test_a_figure_has_the_decimals_of_its_currency(number: float, currency: str, said: str) -> None:
    assert figure(number, currency) == said


def printed(what: RenderableType) -> str:
    console = Console(width=200)
    with console.capture() as caught:
        console.print(what)
    return caught.get()


def a_verdict(*increments: Increment) -> Verdict:
    return Verdict(
        name="holdout",
        kind="holdout",
        asks="What do mentions bring?",
        state=State.RUNNING,
        start=date(2026, 11, 1),
        stop=None,
        window_days=14,
        call=Call.KEEP_COLLECTING,
        words="go on",
        ship=None,
        days_left=None,
        planned=1_000,
        control="held_out",
        arms=(),
        comparisons=(),
        health=Health(1.0, 0, ()),
        strata=(),
        increments=increments,
    )


def a_proposal(net: Estimate, currency: str) -> Proposal:
    share = Share(1, 10, 0.0, 0.4)
    point = Point(
        threshold=0.3,
        mentions=1,
        rate=share,
        known=1.0,
        precision=None,
        helpful=None,
        annoyed=share,
        credited=net,
        added=Added(net, net),
        net=net,
    )
    return Proposal(
        verdict=Advice.KEEP,
        words="keep 0.3",
        knob="cascade.scorer.threshold",
        live=0.3,
        proposed=0.3,
        target=None,
        since=NOON,
        until=NOON,
        questions=10,
        users=10,
        agreement=1.0,
        stages=(),
        points=(point,),
        currency=currency,
        annoyance_cost=20.0,
    )


@pytest.mark.parametrize(("currency", "minor"), CURRENCIES)
def test_what_mentions_brought_is_told_in_its_currency(currency: str, minor: int) -> None:
    found = Increment(currency, 4_900.0 * minor, Interval(100.0 * minor, 9_000.0 * minor))
    told = printed(experiments_text.in_full(a_verdict(found)))
    name = currency.upper()
    assert f"the mentions brought 4,900 {name} more than silence (100 to 9,000)" in told
    purchases = replace(found, currency=None, amount=12.0, interval=Interval(1.0, 23.0))
    told = printed(experiments_text.in_full(a_verdict(purchases)))
    assert "the mentions brought 12 purchases more than silence (1 to 23)" in told


@pytest.mark.parametrize(("currency", "minor"), CURRENCIES)
def test_what_a_threshold_adds_is_told_in_its_currency(currency: str, minor: int) -> None:
    net = Estimate(4_900.0 * minor, 100.0 * minor, 9_000.0 * minor, 500.0)
    told = printed(tune_text.in_full(a_proposal(net, currency)))
    assert f"added net, {currency.upper()}" in told
    assert "4,900 (100 to 9,000)" in told
    assert "a mention that is taken badly costs 20\n" in told.replace(" \n", "\n")
