"""What the step adds to a stream: the bare model and the wrapped one, turn by turn in one run.

Prints the difference to the first token and to the end, at the median and the 99th percentile, each
the median of five runs. Run it as `python -m benchmarks.stream`.
"""

import asyncio
import logging
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from langchain_core.runnables import Runnable

from tay_middleware import EscalationStep, Escalator
from tay_middleware.langchain import ScriptedChatModel
from tay_middleware.settings import load_settings

QUESTIONS = (
    "Can you review my pricing structure and tell me what's wrong?",
    "how do i pluck a hairline",
    "our customer service is completely swamped lol",
    "I want to properly learn ventilating from scratch, every step",
)
RUNS, TURNS, SIDE_BY_SIDE = 5, 40, 50
FIRST_TOKEN_SECONDS, CHUNK_SECONDS = 0.02, 0.001
ANSWER = "Start with one honest hour, " * 8

Times = tuple[float, float]
"""Seconds to the first token and to the end."""


async def timed(model: Runnable[Any, Any], question: str, user: int) -> Times:
    begun, first = time.perf_counter(), 0.0
    config: Any = {"configurable": {"user_id": f"user-{user}", "session_id": "s"}}
    async for chunk in model.astream(question, config):
        if not first and chunk.text:
            first = time.perf_counter() - begun
    return first, time.perf_counter() - begun


def timed_sync(model: Runnable[Any, Any], question: str, user: int) -> Times:
    begun, first = time.perf_counter(), 0.0
    config: Any = {"configurable": {"user_id": f"user-{user}", "session_id": "s"}}
    for chunk in model.stream(question, config):
        if not first and chunk.text:
            first = time.perf_counter() - begun
    return first, time.perf_counter() - begun


async def alternating(bare: Runnable[Any, Any], woven: Runnable[Any, Any]) -> list[list[Times]]:
    pairs: list[list[Times]] = [[], []]
    for turn in range(TURNS):
        question = QUESTIONS[turn % len(QUESTIONS)]
        for side, model in enumerate((bare, woven)):
            pairs[side].append(await timed(model, question, turn))
    return pairs


def alternating_sync(bare: Runnable[Any, Any], woven: Runnable[Any, Any]) -> list[list[Times]]:
    pairs: list[list[Times]] = [[], []]
    for turn in range(TURNS):
        question = QUESTIONS[turn % len(QUESTIONS)]
        for side, model in enumerate((bare, woven)):
            pairs[side].append(timed_sync(model, question, turn))
    return pairs


async def crowded(bare: Runnable[Any, Any], woven: Runnable[Any, Any]) -> list[list[Times]]:
    sides = []
    for model in (bare, woven):
        turns = (
            timed(model, QUESTIONS[turn % len(QUESTIONS)], turn) for turn in range(SIDE_BY_SIDE)
        )
        sides.append(list(await asyncio.gather(*turns)))
    return sides


def added(sides: list[list[Times]], at: int, share: float) -> float:
    """Milliseconds that the wrapped model needs more, at that share of its turns."""
    bare, woven = (sorted(times[at] for times in side) for side in sides)
    place = min(int(share * len(bare)), len(bare) - 1)
    return 1000 * (woven[place] - bare[place])


def report(name: str, run: Callable[[], list[list[Times]]]) -> None:
    runs = [run() for _ in range(RUNS)]
    for label, at in (("first token", 0), ("whole reply", 1)):
        middle, tail = (
            statistics.median(added(sides, at, share) for sides in runs) for share in (0.5, 0.99)
        )
        print(f"{name:<24} {label:<12} added ms: p50 {middle:+7.3f}   p99 {tail:+7.3f}")


def main() -> None:
    logging.disable(logging.WARNING)
    bare = ScriptedChatModel(
        reply=lambda _question: ANSWER,
        first_token_seconds=FIRST_TOKEN_SECONDS,
        chunk_seconds=CHUNK_SECONDS,
    )
    with tempfile.TemporaryDirectory() as home:
        engine = Escalator.from_settings(load_settings(home=Path(home)))
        woven = EscalationStep(bound=bare, escalator=engine)
        timed_sync(woven, QUESTIONS[0], 0)
        print(
            f"{TURNS} turns a side, {FIRST_TOKEN_SECONDS * 1000:.0f} ms to the bare first token; "
            f"median of {RUNS} runs"
        )
        report("astream", lambda: asyncio.run(alternating(bare, woven)))
        report("stream", lambda: alternating_sync(bare, woven))
        report(f"{SIDE_BY_SIDE} at once", lambda: asyncio.run(crowded(bare, woven)))
        print(f"failed open: {dict(engine.degraded_counts)}")
        engine.close()


if __name__ == "__main__":
    main()
