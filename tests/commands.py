"""`tay` in the process of the test: a process of its own takes a second to import what it needs."""

import io
import sys
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from typing import Protocol

import pytest

from tay_middleware.cli import main


@dataclass(frozen=True)
class Run:
    returncode: int
    stdout: str
    stderr: str


class Tay(Protocol):
    def __call__(self, *arguments: str, given: str | bytes = "", **settings: str) -> Run: ...


def tay_with(settings: Mapping[str, str], *arguments: str, given: str | bytes = "") -> Run:
    """What `tay` says and how it ends, with settings beside those of the test."""
    raw = given.encode() if isinstance(given, str) else given
    told, complained = (io.TextIOWrapper(io.BytesIO(), "utf-8") for _ in range(2))
    with (
        pytest.MonkeyPatch.context() as patch,
        redirect_stdout(told),
        redirect_stderr(complained),
    ):
        patch.setattr(sys, "argv", ["tay", *arguments])
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw)))
        patch.setenv("NO_COLOR", "1")
        for name, value in settings.items():
            patch.setenv(name, value)
        try:
            main()
            code: object = 0
        except SystemExit as stop:
            code = stop.code or 0
    return Run(code if isinstance(code, int) else 1, _read(told), _read(complained))


@pytest.fixture
def tay() -> Tay:
    """Runs `tay` in this process, as the script would, in the test's own directory."""

    def run(*arguments: str, given: str | bytes = "", **settings: str) -> Run:
        return tay_with(settings, *arguments, given=given)

    return run


def _read(written: io.TextIOWrapper) -> str:
    written.seek(0)
    return written.read()
