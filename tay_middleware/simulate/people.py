"""The population: who they are, when they come, what they are after. Pure, and drawn by a seed.

Everybody draws from a stream of her own, so that what one does never changes what another is.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from tay_middleware.domain import Tier
from tay_middleware.simulate.bank import Asked, Bank
from tay_middleware.storage.simulations import SIMULATED

TIERS = ((Tier.FREE, 0.68), (Tier.PREMIUM, 0.24), (Tier.VIP, 0.08))

VISITS_A_DAY = 0.21
"""Mean visits of a person a day; some come daily, most once a fortnight."""

HOURS = (1, 0.5, 0.3, 0.2, 0.2, 0.4, 1, 2, 3, 3, 3, 3, 4, 4, 3, 3, 3, 4, 5, 6, 7, 7, 5, 3)
"""How likely a visit is in each hour of the day (UTC): evenings, mostly."""

WEEKDAYS = (0.95, 0.9, 0.9, 1.0, 1.0, 1.15, 1.1)

MESSAGES = (0.45, 0.27, 0.15, 0.08, 0.05)
"""Shares of visits with one, two, … messages."""

RARE = (("support", 0.018), ("tender", 0.006), ("off_topic", 0.025), ("small_talk", 0.13))
"""Shares of messages that are neither a need nor a quick question."""

BUYS = 0.004
"""Share of messages that ask to buy out of the blue."""

JOINED_BEFORE = 0.7
"""Share of the population who were there when the simulation begins."""


@dataclass(frozen=True, slots=True)
class Person:
    """One made-up person. `inclination` is in [0, 1), see `truth`.

    `needs` is the share of her messages that carry a need, `wants` the odds of the three offers.
    `delay_days` is how long she takes from deciding to paying.
    """

    number: int
    user_id: str
    tier: Tier
    joined_at: datetime
    visits_a_day: float
    needs: float
    wants: tuple[tuple[str, float], ...]
    owns: frozenset[str]
    inclination: float
    delay_days: float

    def random(self, seed: int, purpose: str) -> Random:
        """Her own stream of chance for a purpose."""
        return Random(f"{seed}:{self.number}:{purpose}")  # noqa: S311 - plays, hides nothing


def population(seed: int, users: int, begins_at: datetime, days: int) -> list[Person]:
    """Everybody, in order."""
    return [_person(seed, number, begins_at, days) for number in range(users)]


def _person(seed: int, number: int, begins_at: datetime, days: int) -> Person:
    random = Random(f"{seed}:{number}:who")  # noqa: S311 - plays, hides nothing
    roll, tier = random.random(), Tier.VIP
    for name, share in TIERS:
        roll -= share
        if roll < 0:
            tier = name
            break
    late = random.random() > JOINED_BEFORE
    joined_at = begins_at + timedelta(days=random.uniform(0, days * 0.9) if late else 0.0)
    wants = (
        ("mentorship", random.gammavariate(2.2, 1)),
        ("course", random.gammavariate(1.3, 1)),
        ("masterclass", random.gammavariate(0.9, 1)),
    )
    return Person(
        number=number,
        user_id=f"{SIMULATED}{seed}-{number:05d}",
        tier=tier,
        joined_at=joined_at,
        visits_a_day=random.gammavariate(0.8, VISITS_A_DAY / 0.8),
        needs=random.betavariate(2.4, 6.0),
        wants=wants,
        owns=frozenset({"course"} if random.random() < _OWNS[tier] else ()),
        inclination=random.random(),
        delay_days=min(25.0, random.lognormvariate(0.6, 1.0)),
    )


_OWNS = {Tier.FREE: 0.02, Tier.PREMIUM: 0.1, Tier.VIP: 0.25}


def visits(person: Person, seed: int, begins_at: datetime, days: int) -> Iterator[datetime]:
    """When a person comes, in order; newcomers come on the day that they join."""
    random = person.random(seed, "visits")
    if person.joined_at > begins_at:
        yield person.joined_at
    for day in range(days):
        morning = begins_at + timedelta(days=day)
        mean = person.visits_a_day * WEEKDAYS[morning.weekday()]
        hours = sorted(
            random.choices(range(24), HOURS)[0] + random.random()
            for _ in range(_often(random, mean))
        )
        for hour in hours:
            at = morning + timedelta(hours=hour)
            if at > person.joined_at:
                yield at


def messages(random: Random) -> int:
    """How many messages a visit has."""
    return random.choices(range(1, len(MESSAGES) + 1), MESSAGES)[0]


def asks(person: Person, bank: Bank, random: Random) -> Asked:
    """What a person writes of her own accord."""
    roll = random.random()
    for intent, share in RARE:
        roll -= share
        if roll < 0:
            return bank.other(intent, random)
    offer = _wanted(person, random)
    if random.random() < BUYS:
        return bank.purchase(offer, random)
    if random.random() < person.needs:
        return bank.need(offer, random)
    return bank.other("quick", random)


def _wanted(person: Person, random: Random) -> str:
    names: Sequence[str] = [name for name, _ in person.wants]
    return random.choices(names, [odds for _, odds in person.wants])[0]


def _often(random: Random, mean: float) -> int:
    """A Poisson number, by counting unit arrivals."""
    count, left = 0, random.expovariate(1.0)
    while left < mean:
        count += 1
        left += random.expovariate(1.0)
    return count
