"""`tay decide`: decisions on questions from a file or a pipe."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from tay_middleware.decide.lines import Decider
from tay_middleware.errors import InputError
from tay_middleware.playbook import load_playbook
from tay_middleware.settings import load_settings

GARBAGE_THRESHOLD = 100_000
"""New objects between two looks of the garbage collector; Python's own 700 costs a fifth here."""


class Until(StrEnum):
    """The stages of the cascade, first to last."""

    KEYWORDS = "keywords"
    SCORER = "scorer"
    ENCODER = "encoder"
    LLM = "llm"


def decide(
    file: Annotated[
        str, typer.Argument(help="JSON Lines to read; - is standard input", metavar="[FILE|-]")
    ] = "-",
    until: Annotated[
        Until,
        typer.Option(
            help="last stage of the cascade that may decide; stages that are not installed are "
            "passed over, and [bold]stage[/] says which one did"
        ),
    ] = Until.LLM,
    no_llm: Annotated[bool, typer.Option("--no-llm", help="the same as --until encoder")] = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="add what would have flipped each decision: flips")
    ] = False,
) -> None:
    """Decide questions, one JSON object a line, without a chat, a history or a log.

    In: {"id", "question", "history"?: [{"role", "content"}], "tier"?, "owned_offers"?}
    Out, in the same order: {"id", "detected", "suppressed", "offer", "reason", "strength",
    "confidence", "stage", "gates", "scores", "indicators", …}

    A bad line gives {"id": null, "line": 3, "error": "…"} in its place, and exit code 1.

    Try: echo '{"id": 1, "question": "Can you review my pricing?"}' | tay decide --explain -
    """
    del until, no_llm  # one stage is installed so far, and it is the first of all
    decider = Decider(load_playbook(load_settings().prompts_dir), explain=explain)
    # The playbook stays to the end, and answers hold no cycles: the collector would walk a few
    # hundred thousand objects again and again and find nothing.
    gc.freeze()
    gc.set_threshold(GARBAGE_THRESHOLD)
    failed = False
    with _opened(file) as lines:
        for answer in decider.answers(lines):
            sys.stdout.buffer.write(answer.line + b"\n")
            failed = failed or answer.failed
    sys.stdout.flush()
    if failed:
        raise typer.Exit(1)


@contextmanager
def _opened(file: str) -> Iterator[BinaryIO]:
    if file == "-":
        yield sys.stdin.buffer
        return
    try:
        with Path(file).open("rb") as lines:
            yield lines
    except OSError as error:
        raise InputError(f"{file}: cannot be read: {error.strerror}") from None
