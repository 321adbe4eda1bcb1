"""Turns at a steady rate through a real engine, and what became of each."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from tay_middleware.engine import Escalator, Reply

QUESTIONS = (
    "Can you review my pricing structure and tell me what's wrong?",
    "how do i pluck a hairline",
    "our customer service is completely swamped lol",
    "I want to properly learn ventilating from scratch, every step",
)
ANSWER = Reply("Start with one honest hour, and divide what is left by it.")
MODEL_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Told:
    """One turn as its user saw it: what was added, and how long the reply was kept for it."""

    turn_id: UUID
    addition: str | None
    added_seconds: float


async def one_turn(engine: Escalator, question: str, user: str, session: str) -> Told:
    turn = engine.turn(question=question, user_id=user, session_id=session)
    pending = engine.begin(turn)
    await asyncio.sleep(MODEL_SECONDS)
    begun = time.perf_counter()
    outcome = await pending.asettle(ANSWER)
    return Told(turn.turn_id, outcome.addition, time.perf_counter() - begun)


async def steady(engine: Escalator, turns: int, a_second: float, prefix: str = "u") -> list[Told]:
    """Open loop: a turn begins when it is due, however many are under way."""
    loop = asyncio.get_running_loop()
    begun = loop.time()
    tasks = []
    for number in range(turns):
        await asyncio.sleep(max(0.0, begun + number / a_second - loop.time()))
        question = QUESTIONS[number % len(QUESTIONS)]
        user = f"{prefix}{number % (turns // 3)}"
        tasks.append(loop.create_task(one_turn(engine, question, user, f"s{number // 100}")))
    return list(await asyncio.gather(*tasks))


def at_share(told: Sequence[Told], share: float) -> float:
    """Milliseconds that the reply of that share of turns was kept at most."""
    kept = sorted(one.added_seconds for one in told)
    return 1000 * kept[min(int(share * len(kept)), len(kept) - 1)]
