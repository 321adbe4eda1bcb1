"""A log whose law is known: people who ask, decided by the real policy and kept by a real store."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import TypeVar

from sqlalchemy import Connection

from tay_middleware.analytics.tuning import Knob, Log, gather
from tay_middleware.decide import Circumstances, decide
from tay_middleware.domain import Detection, Reason, ReplyStatus, Stage, Tier, Turn, uuid7
from tay_middleware.engine.records import make_record
from tay_middleware.playbook import Playbook
from tay_middleware.storage import Database, EmbeddedStore
from tests.builders import NOON, a_turn

T = TypeVar("T")

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def with_threshold(playbook: Playbook, threshold: float, *, holdout: float = 0.0) -> Playbook:
    """The playbook with another threshold of the built-in scorer, and none for special cases."""
    policy = playbook.policy
    scorer = policy.cascade.scorer.model_copy(
        update={"threshold": threshold, "agreed": 1.0, "follow_up": 0.0}
    )
    cascade = policy.cascade.model_copy(update={"scorer": scorer})
    held = policy.holdout.model_copy(update={"share": holdout})
    changed = policy.model_copy(update={"cascade": cascade, "holdout": held})
    return replace(playbook, policy=changed, version=f"at {threshold:g}")


def scored(chance: float, threshold: float, *, purchase: bool = False) -> Detection:
    """What the cascade would have said of a question with this probability."""
    need = purchase or chance >= threshold
    reason = Reason.PURCHASE_INTENT if purchase else Reason.PERSONALIZED_HELP
    return Detection(
        escalate=need,
        need=need,
        offer="mentorship" if need else None,
        reason=reason if need else None,
        stage=Stage.MODEL,
        scores={"total": 0.4, "mentorship": 0.4, "scorer.escalate": round(chance, 4)},
        confidence=round(chance, 4),
        topic="pricing",
        purchase=purchase,
    )


@dataclass
class World:
    """People who ask at random, and what the product decided and kept.

    `chances` is every question's probability, in the order in which they were asked.
    """

    playbook: Playbook
    store: EmbeddedStore
    database: Database
    random: Random
    threshold: float
    at: datetime = NOON
    numbers: int = 0

    async def ask(
        self,
        user: str | None,
        session: str,
        chance: float,
        *,
        at: datetime | None = None,
        takes: timedelta = timedelta(seconds=5),
        around: Circumstances | None = None,
        purchase: bool = False,
        tier: Tier = Tier.FREE,
    ) -> bool:
        """One turn, as the engine plays it; whether a mention was shown."""
        self.numbers += 1
        turn = a_turn(number=self.numbers, at=at or self.at, user=user, session=session, tier=tier)
        detection = scored(chance, self.threshold, purchase=purchase)
        return await self._play(turn, detection, around or Circumstances(), takes)

    async def _play(
        self, turn: Turn, detection: Detection, around: Circumstances, takes: timedelta
    ) -> bool:
        history = await self.store.recall(turn.user_key or "", turn.asked_at)
        decision = decide(turn, detection, history, self.playbook, around)
        if decision.shown:
            decision = replace(decision, addition=f"\n\nturn {self.numbers}")
        record = make_record(
            turn,
            decision,
            ReplyStatus.REPLIED,
            record_id=uuid7(turn.asked_at, self.random.getrandbits(74)),
            answered_at=turn.asked_at + takes,
            playbook=self.playbook,
            store_text="full",
        )
        verdict = await self.store.commit(record)
        return decision.shown and verdict.granted

    async def traffic(self, users: int, days: int, *, a_day: float = 1.5) -> None:
        """So many people, who come for some questions at a time, and do not wait for replies."""
        visits = sorted(
            (self.random.uniform(0, days * 86_400), user)
            for user in range(users)
            for _ in range(1 + int(self.random.expovariate(1 / (a_day * days / 3))))
        )
        turns = []
        for number, (seconds, user) in enumerate(visits):
            at = NOON + timedelta(seconds=seconds)
            for _ in range(self.random.randint(1, 5)):
                at += self.random.uniform(0.1, 3) * MINUTE
                chance = self.random.betavariate(0.5, 2.5)
                bought = self.random.random() < 0.01
                takes = timedelta(seconds=self.random.uniform(1, 150))
                turns.append((at, f"u{user}", f"s{number}", chance, bought, takes))
        for at, user_id, session, chance, bought, takes in sorted(turns):
            await self.ask(user_id, session, chance, at=at, purchase=bought, takes=takes)

    async def log(self, *, since: datetime = NOON - DAY, until: datetime = NOON + 60 * DAY) -> Log:
        return await gather(
            self.database, self.playbook, since=since, until=until, knob=Knob.SCORER
        )

    async def write(self, change: Callable[[Connection], None]) -> None:
        await self.database.write(change)


def in_world(
    directory: Path,
    playbook: Playbook,
    play: Callable[[World], Awaitable[T]],
    *,
    threshold: float = 0.3,
    holdout: float = 0.0,
    seed: int = 1,
) -> T:
    """Run a play in a world of its own."""

    async def run() -> T:
        url = f"sqlite+aiosqlite:///{directory}/world.db"
        store, database = EmbeddedStore(url, history_turns=50), Database(url)
        await store.open()
        rules = with_threshold(playbook, threshold, holdout=holdout)
        try:
            return await play(World(rules, store, database, Random(seed), threshold))
        finally:
            await store.aclose()
            await database.aclose()

    return asyncio.run(run())
