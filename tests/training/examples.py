"""A small world to learn: three authors, a few words each, labels that follow the words."""

import json
from pathlib import Path

from tay_middleware.training.examples import GATES, Example

WORDS = ("pricing", "salon", "stuck", "ventilating", "learn", "glue", "thanks", "tyre", "engine")


def an_example(
    number: int = 1,
    question: str = "my salon pricing is stuck",
    *,
    author: str = "a",
    escalate: bool = True,
    offer: str | None = "mentorship",
    on_topic: bool = True,
    gate: str | None = None,
) -> Example:
    return Example(
        id=f"{author}{number}",
        author=author,
        family=f"{author}:{number}",
        question=question,
        history=(),
        escalate=escalate,
        offer=offer if escalate else None,
        on_topic=on_topic,
        gates={name: name == gate for name in GATES},
    )


def some_examples(each: int = 12) -> list[Example]:
    made = []
    for author in ("a", "b", "c"):
        for number in range(each):
            tail = f"{WORDS[number % 3]} {number}"
            made += [
                an_example(10 * number, f"my salon pricing is stuck {tail}", author=author),
                an_example(
                    10 * number + 1, f"learn ventilating {tail}", author=author, offer="course"
                ),
                an_example(10 * number + 2, f"which glue {tail}", author=author, escalate=False),
                an_example(
                    10 * number + 3,
                    f"i am crying thanks {tail}",
                    author=author,
                    escalate=False,
                    gate="distress",
                ),
                an_example(
                    10 * number + 4,
                    f"tyre engine {tail}",
                    author=author,
                    escalate=False,
                    on_topic=False,
                ),
            ]
    return made


def a_label_file(path: Path, examples: list[Example]) -> Path:
    rows = (
        {
            "id": e.id,
            "author": e.author,
            "family": e.family,
            "question": e.question,
            "history": [],
            "escalate": e.escalate,
            "offer": e.offer,
            "slices": ["off_topic"] if not e.on_topic else [g for g, on in e.gates.items() if on],
        }
        for e in examples
    )
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path
