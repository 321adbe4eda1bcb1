"""What the learned stages cost: a question on one core, the encoder beside a loop, the start.

`python -m benchmarks.scorer`. Rounds are interleaved, medians of five are quoted; it reports and
never fails.
"""

import asyncio
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from statistics import median, quantiles

from benchmarks.detect import FEWEST_WORDS, MOST_WORDS, usual_questions
from tay_middleware.decide.beside import EncoderBeside
from tay_middleware.decide.cascade import Cascade, Until
from tay_middleware.decide.encoder import open_encoder
from tay_middleware.decide.features import spoken
from tay_middleware.decide.model import read_model
from tay_middleware.decide.normalise import normalise
from tay_middleware.playbook import load_playbook

ROUNDS = 5
LOOP_SECONDS = 2.0
TICK_SECONDS = 0.001


def main() -> None:
    questions = usual_questions()
    cascade = Cascade(load_playbook(), model=read_model())
    before = _megabytes()
    encoder = open_encoder()
    for text in questions[:20]:
        encoder.judge(_spoken(text))
    print(f"encoder: {_megabytes() - before:.0f} MB of memory more once it has answered")
    keywords, scorer, encoded = [], [], []
    for _ in range(ROUNDS):
        keywords.append(_timed(lambda q: cascade.detect(q, until=Until.KEYWORDS), questions))
        scorer.append(_timed(lambda q: cascade.detect(q, until=Until.SCORER), questions))
        encoded.append(_timed(lambda q: encoder.judge(_spoken(q)), questions[:300]))
    print(f"questions of {FEWEST_WORDS} to {MOST_WORDS} words, one core, {ROUNDS} rounds, medians:")
    for name, rounds in (
        ("keywords", keywords),
        ("keywords + built-in scorer", scorer),
        ("encoder alone", encoded),
    ):
        half, most = median(r[0] for r in rounds), median(r[1] for r in rounds)
        print(f"  {name:28} p50 {half:8.1f} us   p99 {most:8.1f} us")
    _loop_lag(questions)
    _imports()


def _timed(work: Callable[[str], object], questions: Sequence[str]) -> tuple[float, float]:
    took = []
    for question in questions:
        start = time.perf_counter()
        work(question)
        took.append((time.perf_counter() - start) * 1e6)
    return median(took), quantiles(took, n=100)[98]


def _loop_lag(questions: Sequence[str]) -> None:
    """How late a loop's ticks are while the encoder works on its thread, and while it does not."""
    beside = EncoderBeside(open_encoder)
    beside.opened()
    idle, busy = [], []
    for _ in range(ROUNDS):
        idle.append(asyncio.run(_lags(None, questions)))
        busy.append(asyncio.run(_lags(beside, questions)))
    for name, rounds in (("without", idle), ("with the encoder at work", busy)):
        half, most = median(r[0] for r in rounds), median(r[1] for r in rounds)
        print(f"  event loop lag {name:26} p50 {half:6.3f} ms   p99 {most:6.3f} ms")


async def _lags(beside: EncoderBeside | None, questions: Sequence[str]) -> tuple[float, float]:
    async def work() -> None:
        while beside is not None:
            for question in questions:
                await beside.judge(_spoken(question))

    task = asyncio.create_task(work())
    late = []
    until = time.perf_counter() + LOOP_SECONDS / ROUNDS
    while (now := time.perf_counter()) < until:
        await asyncio.sleep(TICK_SECONDS)
        late.append((time.perf_counter() - now - TICK_SECONDS) * 1e3)
    task.cancel()
    return median(late), quantiles(late, n=100)[98]


def _imports() -> None:
    ours, theirs = [], []
    for _ in range(ROUNDS):
        theirs.append(_import_seconds("langchain_core"))
        ours.append(_import_seconds("tay_middleware"))
    print(f"  import langchain_core {median(theirs):.2f} s, tay_middleware {median(ours):.2f} s")


def _import_seconds(module: str) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", f"import {module}"], check=True)
    return time.perf_counter() - start


def _spoken(question: str) -> str:
    return spoken(normalise(question).literal)


def _megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
