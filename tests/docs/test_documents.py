"""What the documents say is run: their code, their commands, their links."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tay_middleware.settings import Settings
from tay_middleware.storage import upgrade
from tests.examples.running import PATIENT

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted(
    [
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        ROOT / "prompts" / "README.md",
        ROOT / "examples" / "README.md",
    ]
)
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)")
SLOW = {
    *("make demo", "make test", "make eval", "make eval-train", "make bench", "make chaos"),
    "make stats-proof",
}
"""Commands that are targets of their own: the Makefile is asked whether it has them."""


def blocks(language: str) -> list[tuple[str, str]]:
    return [
        (f"{path.name}-{number}", code)
        for path in DOCUMENTS
        for number, (kind, code) in enumerate(BLOCK.findall(path.read_text()))
        if kind == language
    ]


@pytest.mark.parametrize(("name", "code"), blocks("python"), ids=lambda value: str(value)[:24])
def test_the_python_of_the_documents_runs(name: str, code: str, tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=tmp_path,
        env={**os.environ, **PATIENT},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (run.returncode, run.stderr) == (0, ""), name
    assert run.stdout


TELLING = [one for one in blocks("python") if "response_metadata" in one[1]]


@pytest.mark.parametrize(("name", "code"), TELLING, ids=lambda value: str(value)[:24])
def test_code_that_reads_a_decision_runs_where_there_is_none(
    name: str, code: str, tmp_path: Path
) -> None:
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=tmp_path,
        env={**os.environ, "TAY_MODE": "off"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (run.returncode, run.stderr) == (0, ""), name
    assert "no decision" in run.stdout


def test_the_ten_lines_of_the_readme_end_with_a_mention(tmp_path: Path) -> None:
    code = next(code for name, code in blocks("python") if name.startswith("README"))
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    answer, mention = run.stdout.strip().split("\n\n")
    assert answer == "Start with one honest hour."
    assert "the mentorship" in mention
    assert len([line for line in code.splitlines() if line and "import" not in line]) <= 10


COMMANDS = [
    line.partition("#")[0].strip()
    for _, code in blocks("sh")
    for line in code.splitlines()
    if line.partition("#")[0].strip()
]


@pytest.mark.parametrize("command", sorted(set(COMMANDS)))
def test_the_commands_of_the_documents_work(command: str, tmp_path: Path) -> None:
    if command.startswith("make "):
        dry = subprocess.run(
            ["make", "--dry-run", *command.split()[1:]],
            cwd=ROOT,
            capture_output=True,
            check=False,
        )
        assert dry.returncode == 0, command
        assert command in SLOW or command == "make help"
        return
    upgrade(f"sqlite+aiosqlite:///{tmp_path / '.tay' / 'tay.db'}")  # a command begins no log
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    run = subprocess.run(
        ["bash", "-c", command],
        cwd=tmp_path,
        env={**os.environ, "PATH": path},
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert (run.returncode, run.stderr) == (0, b"")
    assert run.stdout


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(path: Path) -> None:
    for target in LINK.findall(path.read_text()):
        assert (path.parent / target).exists(), target


def test_every_setting_stands_in_the_readme_with_its_default() -> None:
    text = (ROOT / "README.md").read_text()
    for name, field in Settings.model_fields.items():
        row = next(line for line in text.splitlines() if f"`TAY_{name.upper()}`" in line)
        if isinstance(field.default, float | int):
            assert f"`{field.default}`" in row


def test_the_changelog_has_an_unreleased_part() -> None:
    assert "## [Unreleased]" in (ROOT / "CHANGELOG.md").read_text()
