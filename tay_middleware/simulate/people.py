"""Who they are, when they come, what they ask and what they buy: all drawn from one seed."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from tay_middleware.simulate.questions import HARD, NEEDS, PLAIN, WORDS
from tay_middleware.storage.simulations import SIMULATED

TIERS = (("free", 0.68), ("premium", 0.24), ("vip", 0.08))
NEED_SHARE = 0.21
"""Share of questions that deserve an offer; after cool-down and holdout one in eight shows."""

HARD_SHARE = 0.03
OFFERS = (("mentorship", 0.5), ("course", 0.28), ("masterclass", 0.16), ("purchase", 0.06))
QUESTIONS_PER_PERSON = 7.0

PRICES = {"mentorship": 49_700, "course": 19_900, "masterclass": 9_700}
"""In cents of a US dollar."""

BASE = 0.02
"""Chance that somebody with a need buys in the window without any mention."""

LIFT = {"mentorship": 0.07, "course": 0.045, "masterclass": 0.03}
"""What a mention adds to that chance."""

TIER_FACTOR = {"free": 0.8, "premium": 1.25, "vip": 1.5}
VARIANT_FACTOR = {"A": 0.8, "B": 1.35, "C": 1.0}
"""The truth that a test of wordings has to find."""

CLICK_SHARE = 0.35
MEAN_DAYS_TO_BUY = 3.2


@dataclass(frozen=True, slots=True)
class Visit:
    """One question of one person."""

    at: datetime
    user_id: str
    session_id: str
    tier: str
    question: str
    need: str | None


def visits(people: int, days: int, begins: datetime, random: Random) -> list[Visit]:
    """All questions of all people, in the order in which they are asked."""
    found: list[Visit] = []
    for number in range(people):
        user = f"{SIMULATED}{number:05d}"
        found += _of_one(user, days, begins, random)
    return sorted(found, key=lambda visit: visit.at)


def _of_one(user: str, days: int, begins: datetime, random: Random) -> Iterator[Visit]:
    tier = _drawn(TIERS, random)
    first = random.uniform(0, days)
    sessions = 1 + min(9, int(random.expovariate(1 / 2.2)))
    at = begins + timedelta(days=first)
    ends = begins + timedelta(days=days)
    for session in range(sessions):
        for _ in range(1 + min(6, int(random.expovariate(1 / 1.6)))):
            if at >= ends:
                return
            question, need = _asked(random)
            yield Visit(at, user, f"{user}-{session}", tier, question, need)
            at += timedelta(minutes=random.uniform(1, 9))
        at += timedelta(days=random.expovariate(1 / 6))


def _asked(random: Random) -> tuple[str, str | None]:
    chance = random.random()
    if chance < NEED_SHARE:
        need = _drawn(OFFERS, random)
        question = random.choice(NEEDS[need])
        words = {name: random.choice(choices) for name, choices in WORDS.items()}
        return question.format(**words), need
    if chance < NEED_SHARE + HARD_SHARE:
        return random.choice(HARD), None
    return random.choice(PLAIN), None


def chance_to_buy(offer: str, tier: str, variant: str | None, *, shown: bool) -> float:
    """The truth: how likely a need of somebody becomes a purchase within the window."""
    if not shown:
        return BASE * TIER_FACTOR[tier]
    lift = LIFT.get(offer, 0.04) * VARIANT_FACTOR.get(variant or "", 1.0)
    return (BASE + lift) * TIER_FACTOR[tier]


def _drawn(choices: tuple[tuple[str, float], ...], random: Random) -> str:
    names, weights = zip(*choices, strict=True)
    return str(random.choices(names, weights)[0])
