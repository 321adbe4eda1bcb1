"""What happens, in order of time: visits, messages, reactions, clicks, purchases, refunds.

Everything stands in one queue and happens one at a time, so that the same seed gives the same rows.
"""

import heapq
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from random import Random
from uuid import UUID

from tay_middleware.domain import Decision, Message
from tay_middleware.engine import Outcome
from tay_middleware.simulate.bank import Asked, Bank
from tay_middleware.simulate.people import Person, asks, messages, visits
from tay_middleware.simulate.shop import Delivery, Purchase, deliveries
from tay_middleware.simulate.stage import Stage
from tay_middleware.simulate.truth import Ledger, Truth
from tay_middleware.storage.sql import TRACKED

JUDGED = 0.12
"""Share of mentions that a person of the shop looks at and calls right or wrong."""

NIGHT_HOUR = 3
"""When the guard looks at what the day has brought (UTC)."""

REFERS_BACK = frozenset({"refusal", "opt_out", "complaint", "why", "thanks", "buys"})
"""Messages that are about the reply before them, and come with it."""

Happening = Callable[[], Awaitable[None]]


@dataclass(slots=True)
class Counts:
    """What has happened so far."""

    questions: int = 0
    mentions: int = 0
    held_out: int = 0
    purchases: int = 0
    clicks: int = 0
    feedback: int = 0
    bad_reactions: int = 0
    paused: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Life:
    """What has become of a person so far."""

    person: Person
    random: Random
    visits: int = 0
    gone: float = 0.0
    exposed: bool = False
    buying: bool = False
    owned: set[str] = field(default_factory=set)


@dataclass(slots=True)
class _Visit:
    """One session under way: how many messages are to come, and what was said last."""

    life: _Life
    session_id: str
    left: int
    said: tuple[Message, ...] = ()
    next: Asked | None = None


class World:
    """One run of a population on a stage."""

    def __init__(
        self,
        stage: Stage,
        bank: Bank,
        truth: Truth,
        people: list[Person],
        *,
        seed: int,
        begins_at: datetime,
        days: int,
    ) -> None:
        """Put everybody's visits into the queue."""
        self.counts = Counts()
        self.ledger = Ledger()
        self._stage, self._bank, self._truth, self._seed = stage, bank, truth, seed
        self._begins_at, self._ends_at = begins_at, begins_at + timedelta(days=days)
        self._queue: list[tuple[datetime, int, Happening]] = []
        self._queued = 0
        self._judged: list[tuple[UUID, str | None]] = []
        for person in people:
            life = _Life(person, person.random(seed, "life"), owned=set(person.owns))
            for at in visits(person, seed, begins_at, days):
                self._later(at, partial(self._arrive, life))
        for day in range(1, days + 1):
            night = begins_at + timedelta(days=day - 1, hours=NIGHT_HOUR)
            self._later(night, self._night)

    async def run(self, step: Callable[[float], None]) -> None:
        """Let everything happen; `step` is told the share of the time that has passed."""
        whole = (self._ends_at - self._begins_at).total_seconds()
        while self._queue:
            at, _, happening = heapq.heappop(self._queue)
            self._stage.clock.now = at
            await happening()
            step((at - self._begins_at).total_seconds() / whole)
        self._stage.clock.now = self._ends_at
        await self._stage.judged(self._judged)

    def _later(self, at: datetime, happening: Happening) -> None:
        """What lies beyond the end does not happen any more."""
        if at < self._ends_at:
            self._queued += 1
            heapq.heappush(self._queue, (at, self._queued, happening))

    async def _night(self) -> None:
        self._stage.site.new_day()
        self.counts.paused += await self._stage.watch()

    async def _arrive(self, life: _Life) -> None:
        if life.random.random() < life.gone:
            return
        life.visits += 1
        session_id = f"{life.person.user_id}/{life.visits}"
        await self._speak(_Visit(life, session_id, messages(life.random)))

    async def _speak(self, visit: _Visit) -> None:
        """One message, its reply, and what follows from it."""
        life, person = visit.life, visit.life.person
        asked = visit.next or asks(person, self._bank, life.random)
        reply = self._bank.reply(asked.intent, life.random)
        turn_id, outcome = self._stage.say(
            asked.words,
            reply,
            user_id=person.user_id,
            session_id=visit.session_id,
            tier=person.tier.value,
            owns=frozenset(life.owned),
            transcript=visit.said if asked.intent in REFERS_BACK else (),
        )
        self.counts.questions += 1
        visit.next, visit.left = None, visit.left - 1
        said = Message("user", asked.words), Message("assistant", reply + (outcome.addition or ""))
        visit.said = said
        await self._take(visit, asked, turn_id, outcome)
        if visit.next is not None or visit.left > 0:
            pause = timedelta(seconds=life.random.uniform(40, 240))
            self._later(self._stage.clock.now + pause, partial(self._speak, visit))

    async def _take(self, visit: _Visit, asked: Asked, turn_id: UUID, outcome: Outcome) -> None:
        """What a person makes of a reply, with a mention or without one."""
        decision, life = outcome.decision, visit.life
        alone = self._truth.alone(asked.need, life.person.tier)
        if life.person.inclination < alone and asked.need is not None:
            self._buy(life, asked.need, None)
        if decision is None or decision.arm is None or decision.offer is None:
            return
        told = self._truth.told(asked.need, life.person.tier, decision.offer, decision.template)
        if not life.exposed:
            life.exposed = True
            self.ledger.note(alone, told)
        if outcome.addition is None or not decision.shown:
            self.counts.held_out += decision.arm == "holdout"
            return
        self.counts.mentions += 1
        if life.random.random() < JUDGED:
            self._judged.append((turn_id, asked.need))
        found = re.search(TRACKED, outcome.addition)
        token = found.group(1) if found else None
        buys = life.person.inclination < told and self._buy(life, decision.offer, token)
        await self._react(visit, decision, turn_id, token, buys=buys)

    async def _react(
        self,
        visit: _Visit,
        decision: Decision,
        turn_id: UUID,
        token: str | None,
        *,
        buys: bool,
    ) -> None:
        random, offer = visit.life.random, decision.offer or ""
        if token is not None and random.random() < (0.85 if buys else 0.12):
            soon = self._stage.clock.now + timedelta(seconds=random.uniform(5, 60))
            self._later(soon, partial(self._click, token))
        if not buys and random.random() < self._truth.annoyance(decision.template):
            await self._resent(visit, turn_id)
        elif random.random() < 0.07:
            await self._told(turn_id, helpful=True)
        elif buys and random.random() < 0.4:
            visit.next = self._bank.purchase(offer, random)
        elif random.random() < 0.03:
            visit.next = self._bank.reaction("why", random)
        elif random.random() < 0.12:
            visit.next = self._bank.reaction("thanks", random)

    async def _resent(self, visit: _Visit, turn_id: UUID) -> None:
        """A mention was taken badly: a no, a stop or a complaint, and fewer visits from now on."""
        random = visit.life.random
        self.counts.bad_reactions += 1
        visit.life.gone = max(visit.life.gone, self._truth.leaves)
        kind = random.choices(("refusal", "complaint", "opt_out"), (6, 3, 1))[0]
        visit.next, visit.left = self._bank.reaction(kind, random), 1
        if random.random() < 0.3:
            await self._told(turn_id, helpful=False, stop=random.random() < 0.2)

    def _buy(self, life: _Life, offer: str, token: str | None) -> bool:
        """Decide to buy: the payment comes some days later. Nobody does so twice."""
        if life.buying or offer in life.owned:
            return False
        life.buying = True
        person, random = life.person, life.random
        purchase = Purchase(
            name=f"{self._seed}_{person.number:05d}",
            offer=offer,
            at=self._stage.clock.now + timedelta(days=person.delay_days),
            user_id=person.user_id if random.random() < 0.93 else None,
            email=f"{person.user_id}@example.invalid",
            token=token,
            monthly=offer == "mentorship" and random.random() < 0.4,
        )
        back = purchase.at + timedelta(days=random.uniform(2, 9))
        refunded_at = back if random.random() < self._truth.refunds else None
        self._later(purchase.at, partial(self._own, life, offer))
        for delivery in deliveries(purchase, refunded_at):
            self._later(delivery.at, partial(self._deliver, delivery))
        return True

    async def _own(self, life: _Life, offer: str) -> None:
        self.counts.purchases += 1
        life.owned.add(offer)

    async def _deliver(self, delivery: Delivery) -> None:
        await self._stage.settled()
        await self._stage.site.deliver(delivery)

    async def _click(self, token: str) -> None:
        await self._stage.settled()
        await self._stage.site.click(token)
        self.counts.clicks += 1

    async def _told(self, turn_id: UUID, **said: object) -> None:
        mention = await self._stage.mention(turn_id)
        if mention is not None:
            await self._stage.site.say(mention, **said)
            self.counts.feedback += 1
