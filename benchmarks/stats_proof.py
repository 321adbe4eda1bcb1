"""Proves the statistics on experiments whose truth is known: `make stats-proof`.

Every run goes through the hash and the judge that the product uses, with a look at the end of each
day. Prints each claim with its figure, and ends with 1 if one is not met. `--runs 2000` is sharper.
"""

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from statistics import NormalDist, median

import numpy as np
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from benchmarks.stats_oracles import CLOSE, ORACLES
from benchmarks.stats_world import World, a_holdout, agrees_with_the_product, play, split
from tay_middleware.analytics.experiments import Call, Verdict, plan
from tay_middleware.analytics.experiments.annoyance import is_too_much
from tay_middleware.analytics.experiments.exact import rate_interval
from tay_middleware.analytics.experiments.sequence import ALPHA

RUNS, LOOKS = 500, 60

BASE, LIFT = 0.05, 0.6
"""5 % against 8 %."""

PLANNED = plan(BASE, LIFT).users
THREE = plan(BASE, LIFT, (1, 1, 1)).users
HELD_OUT = plan(0.02, 0.5, (0.2, 0.8)).users

NOBODY_BETTER = {
    "two arms": World({"A": BASE, "B": BASE}, {"A": 0.5, "B": 0.5}, PLANNED, BASE, LIFT),
    "three arms": World(dict.fromkeys("ABC", BASE), dict.fromkeys("ABC", 1 / 3), THREE, BASE, LIFT),
    "one to four": World({"A": BASE, "B": BASE}, {"A": 0.2, "B": 0.8}, PLANNED, BASE, LIFT),
    "holdout": a_holdout(0.2, 0.02, 0.0, HELD_OUT),
}
BETTER = World({"A": BASE, "B": BASE * (1 + LIFT)}, {"A": 0.5, "B": 0.5}, PLANNED, BASE, LIFT)
PAYS = a_holdout(0.2, 0.02, 0.5, HELD_OUT)

LIMIT, FALSE_ALARM = 0.1, 0.001
"""The shipped auto-pause."""


@dataclass
class Seen:
    """What runs of one world came to; adds up."""

    runs: int = 0
    shipped: int = 0
    found: int = 0
    alarms: int = 0
    plain: int = 0
    always_inside: int = 0
    once_inside: int = 0
    intervals: int = 0
    recovered: int = 0
    estimates: list[float] = field(default_factory=list)

    def __add__(self, other: "Seen") -> "Seen":
        pairs = {name: getattr(self, name) + getattr(other, name) for name in self.__dict__}
        return Seen(**pairs)


def watch(world: World, seed: int, broken: float = 0.0) -> Seen:
    """One run, looked at every day; the splitter sends `broken` of the second arm to the first."""
    arms = None
    if broken:
        arms = split(f"run-{seed}", world.users, list(world.chances.values()))
        lost = np.random.default_rng(seed).random(world.users) < broken
        arms = np.where((arms == 1) & lost, 0, arms)
    played = play(world, seed, arms)
    seen = Seen(runs=1, always_inside=1)
    verdict = None
    best = max(world.rates, key=lambda arm: world.rates[arm])
    shipped = alarmed = plain = False
    for verdict in played.looks(LOOKS):
        shipped |= verdict.call is Call.SHIP
        seen.found |= int(verdict.call is Call.SHIP and verdict.ship == best)
        alarmed |= verdict.call is Call.UNHEALTHY
        plain |= _plain_test(verdict)
        seen.always_inside &= int(_holds(world, verdict))
    assert verdict is not None
    seen.shipped, seen.alarms, seen.plain = int(shipped), int(alarmed), int(plain)
    for arm in verdict.arms:
        assert arm.interval is not None
        seen.intervals += 1
        seen.once_inside += int(arm.interval.low <= world.rates[arm.name] <= arm.interval.high)
    _look_at_increment(world, verdict, seen)
    return seen


def _look_at_increment(world: World, verdict: Verdict, seen: Seen) -> None:
    """Whether what the holdout says the mentions brought holds what they really did."""
    if not verdict.increments:
        return
    shown = next(arm for arm in verdict.arms if arm.name == "shown")
    true = (world.rates["shown"] - world.rates["holdout"]) * shown.matured
    brought = verdict.increments[0]
    seen.recovered = int(brought.interval.low <= true <= brought.interval.high)
    seen.estimates.append(brought.amount / shown.matured)


def _holds(world: World, verdict: Verdict) -> bool:
    """Whether all intervals of a look hold the true differences."""
    return all(
        one.interval.low <= world.rates[one.arm] - world.rates[one.control] <= one.interval.high
        for one in verdict.comparisons
    )


def _plain_test(verdict: Verdict) -> bool:
    """What looking every day at an ordinary test would have shipped."""
    control = next(arm for arm in verdict.arms if arm.name == verdict.control)
    for arm in verdict.arms:
        if arm.name == verdict.control or not verdict.comparisons:
            continue
        pooled = (arm.conversions + control.conversions) / (arm.matured + control.matured)
        error = (pooled * (1 - pooled) * (1 / arm.matured + 1 / control.matured)) ** 0.5
        rates = arm.conversions / arm.matured - control.conversions / control.matured
        if abs(rates) > NormalDist().inv_cdf(0.975) * error:
            return True
    return False


def users_until_paused(rate: float, seed: int, most: int) -> int | None:
    """How many users see a wording to which so many react badly, until it is paused."""
    bad = np.cumsum(np.random.default_rng(seed).random(most) < rate)
    for users in range(20, most + 1):
        if is_too_much(users, int(bad[users - 1]), LIMIT, FALSE_ALARM):
            return users
    return None


def is_always_inside(rate: float, users: int, seed: int) -> bool:
    """Whether the exact interval of few purchases holds a rate at all looks."""
    bought = np.cumsum(np.random.default_rng(seed).random(users) < rate)
    for look in range(1, LOOKS + 1):
        many = users * look // LOOKS
        found = rate_interval(int(bought[many - 1]), many, ALPHA)
        if not found.low <= rate <= found.high:
            return False
    return True


@dataclass(frozen=True)
class Claim:
    """One line of the proof."""

    says: str
    figure: str
    wanted: str
    holds: bool


def prove(runs: int, step: Callable[[], None], workers: int = 1) -> Iterator[Claim]:
    """Every claim with its figure; `step` is called after each tenth of a world."""
    with ProcessPoolExecutor(workers) as pool:

        def many(world: World, broken: float = 0.0) -> Seen:
            chunks = [list(range(first, runs, 10)) for first in range(10)]
            total = Seen()
            for seen in pool.map(_chunk, [(world, broken, chunk) for chunk in chunks]):
                total += seen
                step()
            return total

        nobody = {name: many(world) for name, world in NOBODY_BETTER.items()}
        better, pays = many(BETTER), many(PAYS)
        broken = {lost: many(NOBODY_BETTER["two arms"], lost) for lost in (0.2, 0.1)}
    yield from _about_shipping(nobody, better)
    yield from _about_holdout(pays)
    yield from _about_intervals([*nobody.values(), better, pays])
    yield from _about_ratio([*nobody.values(), better, pays], broken)
    yield from _about_few(runs)
    yield from _about_pauses(runs)
    yield from _about_oracles()


def _chunk(work: tuple[World, float, list[int]]) -> Seen:
    world, broken, seeds = work
    return sum((watch(world, seed, broken) for seed in seeds), Seen())


def _about_shipping(nobody: dict[str, Seen], better: Seen) -> Iterator[Claim]:
    for name, seen in nobody.items():
        share = seen.shipped / seen.runs
        says = f"false ship, no arm better, {name}, {LOOKS} looks"
        plain = f" (ordinary test, looked at as often: {seen.plain / seen.runs:.0%})"
        yield Claim(says, f"{share:.1%} of {seen.runs}{plain}", "≤ 5 %", share <= 0.05)
    share = better.found / better.runs
    says = f"5 % → 8 % found with the planned {PLANNED:,} users"
    yield Claim(says, f"{share:.1%} of {better.runs}", "≥ 80 %", share >= 0.8)


def _about_holdout(pays: Seen) -> Iterator[Claim]:
    share = pays.recovered / pays.runs
    says = f"2 % → 3 % within the interval of a holdout of 20 %, {HELD_OUT:,} users"
    yield Claim(says, f"{share:.1%} of {pays.runs}", "≥ 90 %", share >= 0.9)
    mean = float(np.mean(pays.estimates))
    near = abs(mean - 0.01) < 0.001
    yield Claim("… its mean estimate of the 1.00 points", f"{100 * mean:.2f}", "± 0.1", near)


def _about_intervals(all_seen: Sequence[Seen]) -> Iterator[Claim]:
    worst = min(seen.always_inside / seen.runs for seen in all_seen)
    says = f"always-valid interval holds the truth at all {LOOKS} looks, worst world"
    yield Claim(says, f"{worst:.1%}", "≥ 93 %", worst >= 0.93)
    inside = sum(seen.once_inside for seen in all_seen) / sum(seen.intervals for seen in all_seen)
    yield Claim("interval of a rate, read once", f"{inside:.1%}", "≥ 93 %", inside >= 0.93)


def _about_ratio(healthy: Sequence[Seen], broken: dict[float, Seen]) -> Iterator[Claim]:
    runs = sum(seen.runs for seen in healthy)
    share = sum(seen.alarms for seen in healthy) / runs
    says = f"sample-ratio alarm in healthy runs, {LOOKS} looks"
    yield Claim(says, f"{share:.2%} of {runs}", "≤ 0.5 %", share <= 0.005)
    for lost, seen in broken.items():
        found, least = seen.alarms / seen.runs, 0.99 if lost > 0.15 else 0.5
        says = f"… and where {lost:.0%} of an arm are sent to the other"
        yield Claim(says, f"{found:.1%} of {seen.runs}", f"≥ {least:.0%}", found >= least)


def _about_few(runs: int) -> Iterator[Claim]:
    inside = sum(is_always_inside(0.002, 3_000, seed) for seed in range(runs)) / runs
    says = f"exact interval of few purchases, 0.2 % of 3,000 users, {LOOKS} looks"
    yield Claim(says, f"{inside:.1%} of {runs}", "≥ 95 %", inside >= 0.95)


def _about_pauses(runs: int) -> Iterator[Claim]:
    false = sum(users_until_paused(LIMIT, seed, 3_000) is not None for seed in range(runs))
    says = "paused though the limit of 10 % is kept, 3,000 users, a look at each"
    yield Claim(says, f"{false / runs:.2%} of {runs}", "≤ 0.5 %", false / runs <= 0.005)
    for rate, most in ((0.3, 300), (0.2, 600)):
        users = [users_until_paused(rate, seed, most) for seed in range(runs)]
        found = [one for one in users if one is not None]
        says = f"paused where {rate:.0%} react badly, within {most} users"
        figure = f"{len(found) / runs:.1%}, half of them by user {median(found):.0f}"
        yield Claim(says, figure, "≥ 95 %", len(found) / runs >= 0.95)


def _about_oracles() -> Iterator[Claim]:
    for name, (by, off) in ORACLES.items():
        apart = off()
        yield Claim(f"{name} = {by}", f"{apart:.0e} apart", "≤ 1e-06", apart <= CLOSE)
    same = agrees_with_the_product("again", 5_000)
    yield Claim("hash of these runs = the product's, 5,000 users", str(same).lower(), "true", same)


def main() -> None:
    parser = argparse.ArgumentParser(description="Prove the statistics.")
    parser.add_argument("--runs", type=int, default=RUNS)
    runs = parser.parse_args().runs
    console = Console(highlight=False, width=120)
    table = Table("claim", "figure", "wanted", "", box=None, pad_edge=False)
    worlds = len(NOBODY_BETTER) + 4
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(f"{worlds} worlds, {runs} runs each", total=10 * worlds)
        workers = min(2, os.cpu_count() or 1)
        claims = list(prove(runs, lambda: progress.advance(task), workers))
    for claim in claims:
        table.add_row(claim.says, claim.figure, claim.wanted, "ok" if claim.holds else "MISSED")
    console.print(table)
    missed = sum(not claim.holds for claim in claims)
    console.print(f"{len(claims) - missed} of {len(claims)} claims hold")
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
