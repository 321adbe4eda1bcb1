"""The wheel alone, in an empty environment, away from the checkout: `make dist-check`."""

import re
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` of an environment that holds the wheel and what it asks for, nothing else."""
    directory = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--outdir", directory, ROOT],
        check=True,
        capture_output=True,
    )
    venv.create(directory / "venv", with_pip=True)
    python = str(directory / "venv" / "bin" / "python")
    pip = [python, "-m", "pip", "install", "-q", "--no-compile"]
    (wheel,) = directory.glob("*.whl")
    subprocess.run(
        [*pip, "-c", str(ROOT / "constraints.txt"), str(wheel)], check=True, capture_output=True
    )
    return directory / "venv" / "bin"


def test_the_readme_runs_from_the_wheel_alone(installed: Path, tmp_path: Path) -> None:
    found = re.search(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert found is not None
    run = subprocess.run(
        [installed / "python", "-W", "error", "-c", found.group(1)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, run.stderr) == (0, "")
    answer, mention = run.stdout.strip().split("\n\n")
    assert answer == "Start with one honest hour."
    assert "the mentorship" in mention.lower()
    assert (tmp_path / ".tay" / "user_key_secret").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("command", ["demo", "playbook check", "db upgrade"])
def test_the_commands_work_from_the_wheel(installed: Path, tmp_path: Path, command: str) -> None:
    run = subprocess.run(
        [installed / "tay", *command.split()], cwd=tmp_path, capture_output=True, check=False
    )
    assert (run.returncode, run.stderr) == (0, b"")
