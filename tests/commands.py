"""`tay` in the process of the test: a process of its own takes a second to import what it needs."""

import io
import sys
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


@pytest.fixture
def tay(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Tay:
    """Runs `tay` in this process, as the script would, in the test's own directory."""

    def run(*arguments: str, given: str | bytes = "", **settings: str) -> Run:
        raw = given.encode() if isinstance(given, str) else given
        with monkeypatch.context() as patch:
            patch.setattr(sys, "argv", ["tay", *arguments])
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw)))
            patch.setenv("NO_COLOR", "1")
            for name, value in settings.items():
                patch.setenv(name, value)
            capfd.readouterr()
            try:
                main()
                code: object = 0
            except SystemExit as stop:
                code = stop.code or 0
        out, err = capfd.readouterr()
        return Run(code if isinstance(code, int) else 1, out, err)

    return run
