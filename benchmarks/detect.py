"""What the keyword stage costs: beside counting substrings, on the same questions in the same run.

Prints microseconds a question (p50 and p99, each the median of five runs that take turns), the time
to build a detector, and milliseconds for 100 KB of hostile text. Run it as
`python -m benchmarks.detect`; take ratios from it, for the absolute times are this machine's.
"""

import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from tay_middleware.decide import Detector
from tay_middleware.playbook import load_playbook

LABELS = Path(__file__).resolve().parents[1] / "evals" / "data"
RUNS = 5
FEWEST_WORDS, MOST_WORDS = 15, 60
SUBSTRINGS = (
    *("my business", "my pricing", "my situation", "my brand", "my clients", "my salon"),
    *("my shop", "my prices", "my numbers", "my launch", "my current", "strategy", "strategic"),
    *("audit", "restructure", "transform", "deep dive", "break down", "fix my", "solve"),
    *("custom", "complete", "help me with", "review my", "look at my", "roadmap", "framework"),
    *("system", "plan", "scale", "grow my", "learn", "master", "course", "from scratch"),
    *("step by step", "technique", "ventilating", "frontal install", "advanced", "complex"),
    *("mentor", "coaching", "personal"),
)
"""The usual way to code such a guide: 44 phrases, each looked for anywhere in the text."""

HOSTILE = {
    "one indicator": "my pricing ",
    "a negated one": "don't my pricing ",
    "amounts": "£1 ",
    "one letter": "a",
    "emoji": "👩🏾\u200d🦱 ",
    "combining marks": "a\u0301",
    "quotes": '"',
}

Judge = Callable[[str], object]


def main() -> None:
    begun = time.perf_counter()
    detector = Detector(load_playbook())
    print(f"playbook loaded and detector built in {1e3 * (time.perf_counter() - begun):.0f} ms")
    questions = usual_questions()
    for question in questions:
        detector.detect(question)
    figures = in_turns(questions, {"keyword stage": detector.detect, "substrings": substrings})
    print(f"{len(questions)} questions of {FEWEST_WORDS} to {MOST_WORDS} words")
    for name, (median, tail) in figures.items():
        print(f"  {name:<16} p50 {median:7.1f} µs   p99 {tail:7.1f} µs")
    print("100 KB of")
    for name, unit in HOSTILE.items():
        print(f"  {name:<16} {hostile(detector, unit):7.2f} ms")


def usual_questions() -> list[str]:
    """The questions of usual length in the label files."""
    files = sorted([*LABELS.glob("questions_*.jsonl"), LABELS / "traffic.jsonl"])
    lines = [line for path in files for line in path.read_text(encoding="utf-8").splitlines()]
    questions = [json.loads(line)["question"] for line in lines]
    return [one for one in questions if FEWEST_WORDS <= len(one.split()) <= MOST_WORDS]


def substrings(question: str) -> int:
    text = question.lower()
    return sum(phrase in text for phrase in SUBSTRINGS)


def in_turns(questions: list[str], judges: dict[str, Judge]) -> dict[str, tuple[float, float]]:
    """For each judge p50 and p99 in microseconds, the median over runs that take turns."""
    runs: dict[str, list[tuple[float, float]]] = {name: [] for name in judges}
    for _ in range(RUNS):
        for name, judge in judges.items():
            runs[name].append(one_run(questions, judge))
    return {
        name: (
            statistics.median(median for median, _ in found),
            statistics.median(tail for _, tail in found),
        )
        for name, found in runs.items()
    }


def one_run(questions: list[str], judge: Judge) -> tuple[float, float]:
    taken = []
    for question in questions:
        begun = time.perf_counter_ns()
        judge(question)
        taken.append((time.perf_counter_ns() - begun) / 1e3)
    taken.sort()
    return statistics.median(taken), taken[int(0.99 * len(taken))]


def hostile(detector: Detector, unit: str) -> float:
    question = unit * (100_000 // len(unit))
    taken = []
    for _ in range(RUNS):
        begun = time.perf_counter()
        detector.detect(question)
        taken.append(1e3 * (time.perf_counter() - begun))
    return statistics.median(taken)


if __name__ == "__main__":
    main()
