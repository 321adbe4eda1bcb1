"""What each surface adds to a reply, beside the bare model and beside peers, in one run.

Three measures. *First token* and *whole reply*: the median over turns of the difference to the bare
model (or the bare agent) in the same turn, with classifiers that take 0, 50 and 500 ms; beside it
`quiet`, the difference between the tenth percentiles, which a loaded machine spoils less. *CPU*:
what a turn costs the process more, all its threads together, with a model that takes no time; the
least of several rounds, for a neighbour's load only ever adds.

`python -m benchmarks.surfaces`; peers take part where they are installed (`make bench-peers`).
History and events go to the Valkey of the settings (`TAY_REDIS_URL`), else to one of our own, else
into the embedded file. Keywords and the built-in scorer decide; the encoder is off.
"""

import asyncio
import logging
import os
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from itertools import count
from pathlib import Path
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import HumanMessage

from benchmarks.peers import a_valkey, peers
from benchmarks.slow import engine_with_classifier
from tay_middleware import EscalationAgentMiddleware, EscalationChatModel, EscalationStep, Escalator
from tay_middleware.langchain import ScriptedChatModel
from tay_middleware.settings import Settings, load_settings
from tay_middleware.storage import open_store_of
from tests.builders import NOON
from tests.storage.records import a_record, key

QUESTIONS = (
    "Can you review my pricing structure and tell me what's wrong?",
    "how do i pluck a hairline",
    "our customer service is completely swamped lol",
    "I want to properly learn ventilating from scratch, every step",
)
CLASSIFIERS_MS = (0, 50, 500)
TURNS, CPU_ROUNDS, CPU_TURNS = 40, 7, 40
FIRST_TOKEN_SECONDS, CHUNK_SECONDS = 0.02, 0.001
ANSWER = "Start with one honest hour, " * 8

Ask = Callable[[str, Any], AsyncIterator[str]]
Times = tuple[float, float]
"""Seconds to the first token and to the end."""

_people = count()


def somebody() -> Any:
    """The config of a user of this turn alone."""
    name = f"user-{next(_people)}"
    return {"configurable": {"user_id": name, "session_id": name, "thread_id": name}}


def a_model(*, timed: bool) -> BaseChatModel:
    pauses = (FIRST_TOKEN_SECONDS, CHUNK_SECONDS) if timed else (0.0, 0.0)
    return ScriptedChatModel(
        reply=lambda _question: ANSWER, first_token_seconds=pauses[0], chunk_seconds=pauses[1]
    )


def of_runnable(runnable: Any) -> Ask:
    async def ask(question: str, config: Any) -> AsyncIterator[str]:
        async for chunk in runnable.astream([HumanMessage(question)], config):
            yield chunk if isinstance(chunk, str) else str(chunk.text)

    return ask


def of_agent(model: BaseChatModel, middleware: list[Any]) -> Ask | None:
    try:
        from langchain.agents import create_agent  # noqa: PLC0415 - an extra
    except ImportError:
        return None
    agent: Any = create_agent(model, middleware=middleware)

    async def ask(question: str, config: Any) -> AsyncIterator[str]:
        asked = {"messages": [HumanMessage(question)]}
        async for token, _where in agent.astream(asked, config, stream_mode="messages"):
            yield str(token.text)

    return ask


def sides(
    model: BaseChatModel, engine: Escalator, redis_url: str | None
) -> dict[str, tuple[str, Ask]]:
    """Who takes part: the name, whom to compare with, how to ask."""
    agents = {
        "bare agent": of_agent(model, []),
        "agent middleware": of_agent(model, [EscalationAgentMiddleware(escalator=engine)]),
    }
    runnables = {
        "bare": model,
        "step": EscalationStep(bound=model, escalator=engine),
        "chat model": EscalationChatModel(bound=model, escalator=engine),
        **peers(model, redis_url),
    }
    found = {name: ("bare", of_runnable(one)) for name, one in runnables.items()}
    return found | {name: ("bare agent", ask) for name, ask in agents.items() if ask is not None}


async def timed(ask: Ask, question: str) -> Times:
    begun, first = time.perf_counter(), 0.0
    async for text in ask(question, somebody()):
        if not first and text:
            first = time.perf_counter() - begun
    return first, time.perf_counter() - begun


async def in_turns(
    taking_part: dict[str, tuple[str, Ask]], engine: Escalator
) -> dict[str, list[Times]]:
    """Everyone answers every turn, one after the other; who begins goes round.

    What is still being written of a turn is waited for, or the next one would pay for it.
    """
    names, figures = list(taking_part), {name: list[Times]() for name in taking_part}
    for turn in range(-2, TURNS):
        for name in names:
            times = await timed(taking_part[name][1], QUESTIONS[turn % len(QUESTIONS)])
            engine.flush(5)
            if turn >= 0:
                figures[name].append(times)
        names.append(names.pop(0))
    return figures


def added(mine: list[Times], theirs: list[Times], at: int) -> float:
    """Milliseconds more, at the median of the turns."""
    return 1000 * statistics.median(a[at] - b[at] for a, b in zip(mine, theirs, strict=True))


def quiet(mine: list[Times], theirs: list[Times], at: int) -> float:
    """Milliseconds more, between the tenth percentiles."""
    a, b = (sorted(times[at] for times in side)[len(side) // 10] for side in (mine, theirs))
    return 1000 * (a - b)


def report_times(classifier_ms: int, settings: Settings, redis_url: str | None) -> None:
    engine = engine_with_classifier(settings, classifier_ms / 1000)
    taking_part = sides(a_model(timed=True), engine, redis_url if classifier_ms == 0 else None)
    figures = asyncio.run(in_turns(taking_part, engine))
    print(f"\nclassifier of {classifier_ms} ms: added ms at the median of {TURNS} turns")
    for name, (beside, _) in taking_part.items():
        if name != beside:
            mine, theirs = figures[name], figures[beside]
            first, whole = (
                f"{added(mine, theirs, at):+8.3f} (quiet {quiet(mine, theirs, at):+8.3f})"
                for at in (0, 1)
            )
            print(f"  {name:<28} first token {first}   whole reply {whole}")
    print(f"  failed open: {dict(engine.degraded_counts)}")
    engine.close()


async def storage_ms(settings: Settings) -> float:
    """Milliseconds of one recall and one commit, at the median."""
    store, took = open_store_of(settings), list[float]()
    await store.open()
    for number in range(100):
        begun = time.perf_counter()
        await store.recall(key(f"timed {number}"), NOON)
        await store.commit(a_record(number, user=f"timed {number}"))
        took.append(time.perf_counter() - begun)
    await store.aclose()
    return 1000 * statistics.median(took)


async def cpu_ms(ask: Ask, engine: Escalator) -> float:
    begun = time.process_time()
    for turn in range(CPU_TURNS):
        async for _text in ask(QUESTIONS[turn % len(QUESTIONS)], somebody()):
            pass
    engine.flush(30)
    return 1000 * (time.process_time() - begun) / CPU_TURNS


def report_cpu(settings: Settings, redis_url: str | None) -> None:
    engine = engine_with_classifier(settings, 0)
    taking_part = sides(a_model(timed=False), engine, redis_url)
    costs: dict[str, list[float]] = {name: [] for name in taking_part}

    async def rounds() -> None:
        for _ in range(CPU_ROUNDS):
            for name, (_beside, ask) in taking_part.items():
                costs[name].append(await cpu_ms(ask, engine))

    asyncio.run(rounds())
    print(f"\nCPU ms a turn, all threads, the least of {CPU_ROUNDS} rounds of {CPU_TURNS} turns")
    for name, (beside, _) in taking_part.items():
        cost = min(costs[name])
        more = cost - min(costs[beside])
        print(f"  {name:<28} {cost:7.3f}" + (f"   added {more:+7.3f}" if name != beside else ""))
    engine.close()


def settings_in(home: Path, redis_url: str | None) -> Settings:
    """Production mode on that Redis, or the embedded one."""
    if redis_url is None:
        return load_settings(home=home, encoder="off")
    return load_settings(home=home, encoder="off", redis_url=redis_url, user_key_secret="b" * 32)


def main() -> None:
    given = load_settings().redis_url
    url = given.get_secret_value() if given is not None else None
    with tempfile.TemporaryDirectory() as home, a_valkey(url) as redis_url:
        settings = settings_in(Path(home), redis_url)
        logging.disable(logging.WARNING)
        grace, load = 1000 * settings.grace_seconds, os.getloadavg()[0]
        print(
            f"history and events: {'Valkey' if redis_url else 'embedded file'}; "
            f"model: {FIRST_TOKEN_SECONDS * 1000:.0f} ms to its first token; "
            f"storage {asyncio.run(storage_ms(settings)):.2f} ms a turn, grace {grace:.0f} ms\n"
            f"load of the machine: {load:.1f} on {os.cpu_count()} cores"
        )
        for classifier_ms in CLASSIFIERS_MS:
            report_times(classifier_ms, settings, redis_url)
        report_cpu(settings, redis_url)


if __name__ == "__main__":
    main()
