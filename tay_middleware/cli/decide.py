"""`tay decide`: decisions on questions from a file or a pipe."""

import asyncio
import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from tay_middleware.decide.cascade import Cascade, Until
from tay_middleware.decide.lines import Answer, Decider
from tay_middleware.decide.stages import make_cascade
from tay_middleware.errors import InputError
from tay_middleware.playbook import load_playbook
from tay_middleware.settings import load_settings

GARBAGE_THRESHOLD = 100_000
"""New objects between two looks of the garbage collector; Python's own 700 costs a fifth here."""


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
        bool,
        typer.Option(
            "--explain",
            help="add what would have flipped each decision, as flips, and the phrases that "
            "closed its gates, as closed_by",
        ),
    ] = False,
) -> None:
    """Decide questions, one JSON object a line, without a chat, a history or a log.

    In: {"id", "question", "history"?: [{"role", "content"}], "tier"?, "owned_offers"?}
    Out, in the same order: {"id", "detected", "suppressed", "offer", "reason", "strength",
    "confidence", "stage", "gates", "scores", "indicators", …}

    A bad line gives {"id": null, "line": 3, "error": "…"} in its place, and exit code 1.

    Try: echo '{"id": 1, "question": "Can you review my pricing?"}' | tay decide --explain -
    """
    settings = load_settings()
    playbook = load_playbook(settings.prompts_dir)
    last = Until.ENCODER if no_llm and until is Until.LLM else until
    cascade = make_cascade(playbook, settings, last)
    _say_what_is_missing(until, cascade)
    decider = Decider(playbook, cascade, until=last, explain=explain)
    # The playbook stays to the end, and answers hold no cycles: the collector would walk a few
    # hundred thousand objects again and again and find nothing.
    gc.freeze()
    gc.set_threshold(GARBAGE_THRESHOLD)
    with _opened(file) as lines:
        if cascade.last_stage is Until.LLM:
            failed = asyncio.run(_write_all(decider, cascade, lines))
        else:
            failed = sum(_write(answer) for answer in decider.answers(lines)) > 0
    sys.stdout.flush()
    if failed:
        raise typer.Exit(1)


async def _write_all(decider: Decider, cascade: Cascade, lines: BinaryIO) -> bool:
    try:
        return sum([_write(answer) async for answer in decider.aanswers(lines)]) > 0
    finally:
        await cascade.aclose()


def _write(answer: Answer) -> bool:
    """Write one answer; whether it is an error."""
    sys.stdout.buffer.write(answer.line + b"\n")
    return answer.failed


def _say_what_is_missing(until: Until, cascade: Cascade) -> None:
    """Say it once where a stage was asked for by name and is not there."""
    if until is Until.ENCODER and cascade.last_stage is Until.SCORER:
        typer.echo("tay: no encoder is installed; the built-in scorer decides alone", err=True)


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
