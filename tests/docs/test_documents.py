"""What the documents say is run: their code, their commands, their links."""

import os
import re
import shlex
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tay_middleware.settings import Settings
from tests.commands import Tay
from tests.databases import migrated
from tests.docs.pages import BLOCK, DOCUMENTS, ROOT, anchors, blocks, named
from tests.examples.running import PATIENT

LINK = re.compile(r"\]\(([^)#:\s]*)(?:#([^)]*))?\)")
README_LINES = 170
SLOW = {
    *("make demo", "make test", "make eval", "make eval-train", "make bench", "make chaos"),
    "make stats-proof",
}
"""Commands that are targets of their own: the Makefile is asked whether it has them."""

SHELL = re.compile(r"[|&;<>$`*]")
"""What only a shell understands; a command without it needs no process of its own."""


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
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, **PATIENT},
        capture_output=True,
        text=True,
        check=True,
    )
    answer, mention = run.stdout.strip().split("\n\n")
    assert answer == "Start with one honest hour."
    assert "the mentorship" in mention.lower()
    assert len([line for line in code.splitlines() if line and "import" not in line]) <= 10


COMMANDS = [
    line.partition("#")[0].strip()
    for _, code in blocks("sh")
    for line in code.splitlines()
    if line.partition("#")[0].strip()
]


@pytest.mark.parametrize("command", sorted(set(COMMANDS)))
def test_the_commands_of_the_documents_work(command: str, tay: Tay, tmp_path: Path) -> None:
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
    migrated(f"sqlite+aiosqlite:///{tmp_path / '.tay' / 'tay.db'}")  # a command begins no log
    if not SHELL.search(command):
        name, *arguments = shlex.split(command)
        said = tay(*arguments)
        assert (name, said.returncode, said.stderr) == ("tay", 0, "")
        assert said.stdout
        return
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


PROCEDURES = sorted({path for path in DOCUMENTS if "```shell\n" in path.read_text()})


@pytest.mark.parametrize("path", PROCEDURES, ids=named)
def test_the_procedures_of_a_page_work_one_after_the_other(path: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    migrated(f"sqlite+aiosqlite:///{home / 'tay.db'}")
    key = Settings(home=home).user_key_bytes()
    kept = "INSERT INTO removals VALUES ('2026-01-01', '2026-01-02')"
    with sqlite3.connect(home / "tay.db") as database:
        database.execute(kept)
    code = "".join(code for kind, code in BLOCK.findall(path.read_text()) if kind == "shell")
    place = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    run = subprocess.run(
        ["bash", "-euc", code],
        cwd=tmp_path,
        env={**os.environ, "PATH": place, "TAY_HOME": str(home)},
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert (run.returncode, run.stderr) == (0, b"")
    assert Settings(home=home).user_key_bytes(makes=False) == key
    with sqlite3.connect(home / "tay.db") as database:
        assert database.execute("SELECT count(*) FROM removals").fetchone() == (1,)


@pytest.mark.parametrize(("name", "code"), blocks("sql"), ids=lambda value: str(value)[:24])
def test_the_sql_of_the_documents_runs(name: str, code: str, tmp_path: Path) -> None:
    file = tmp_path / "tay.db"
    migrated(f"sqlite+aiosqlite:///{file}")
    with sqlite3.connect(file) as database:
        database.executescript(code)
    assert ";" in code, name


@pytest.mark.parametrize("path", DOCUMENTS, ids=named)
def test_every_link_leads_somewhere(path: Path) -> None:
    for target, anchor in LINK.findall(path.read_text()):
        there = path.parent / target if target else path
        assert there.exists(), target
        assert not anchor or anchor in anchors(there), f"{target}#{anchor}"


def test_every_page_is_led_to_from_the_readme() -> None:
    linked = {target for target, _ in LINK.findall((ROOT / "README.md").read_text())}
    assert {named(path) for path in (ROOT / "docs").glob("*.md")} <= linked


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= README_LINES


def test_the_changelog_has_an_unreleased_part() -> None:
    assert "## [Unreleased]" in (ROOT / "CHANGELOG.md").read_text()
