import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tay_middleware.analytics.tuning import Knob
from tay_middleware.analytics.tuning.cases import live_threshold
from tay_middleware.errors import ConfigurationError
from tay_middleware.playbook import load_playbook, shipped
from tay_middleware.playbook.patch import changed, patch

NAME = "prompts/policy.yaml"
POLICY = shipped() / "policy.yaml"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A directory with a playbook in it, as somebody's repository has one."""
    shutil.copytree(shipped(), tmp_path / "prompts")
    return tmp_path


def needs(program: str) -> None:
    """Skip where a program is missing, and with CI=true fail: there green means that it ran."""
    if shutil.which(program) is None:
        missing = f"NO PROGRAM: {program}; install it"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)


@pytest.mark.parametrize("knob", Knob)
@pytest.mark.parametrize(
    "command", [("git", "apply", "-p1", "x.patch"), ("patch", "-p1", "-i", "x.patch")]
)
def test_the_patch_is_taken_and_changes_one_number(
    checkout: Path, knob: Knob, command: tuple[str, ...]
) -> None:
    needs(command[0])
    before = (checkout / NAME).read_text()
    wanted = round(live_threshold(load_playbook(checkout / "prompts"), knob) + 0.011, 3)
    (checkout / "x.patch").write_text(patch(checkout / NAME, knob.path, wanted, NAME))
    subprocess.run(command, cwd=checkout, check=True, capture_output=True)
    after = (checkout / NAME).read_text()
    different = [
        (one, other)
        for one, other in zip(before.splitlines(), after.splitlines(), strict=True)
        if one != other
    ]
    assert len(different) == 1
    assert different[0][0].partition("#")[2] == different[0][1].partition("#")[2]
    policy = load_playbook(checkout / "prompts").policy
    values = {
        Knob.KEYWORDS: policy.threshold.min_score,
        Knob.SCORER: policy.cascade.scorer.threshold,
        Knob.ENCODER: policy.cascade.encoder.threshold,
    }
    assert values[knob] == wanted


def test_a_comment_stays_where_it_stood(tmp_path: Path) -> None:
    file = tmp_path / "p.yaml"
    file.write_text("a:\n  b: 0.2   # so\n  c: 1\n")
    assert changed(file, ["a", "b"], 0.345) == "a:\n  b: 0.345 # so\n  c: 1\n"
    assert changed(file, ["a", "b"], 0.22) == "a:\n  b: 0.22  # so\n  c: 1\n"


def test_what_stands_there_already_is_no_change(tmp_path: Path) -> None:
    file = tmp_path / "p.yaml"
    file.write_text("a: {b: 0.20}")
    assert patch(file, ["a", "b"], 0.2, NAME) == ""


def test_a_number_that_is_not_written_out_is_not_guessed_at(tmp_path: Path) -> None:
    file = tmp_path / "p.yaml"
    for content in ("a: {c: 1}\n", "a: 3\n", ""):
        file.write_text(content)
        with pytest.raises(ConfigurationError, match=r"does not write a\.b out"):
            patch(file, ["a", "b"], 0.2, NAME)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        patch(tmp_path / "none.yaml", ["a"], 0.2, NAME)


@given(
    before=st.sampled_from(["", "# ü 😀\n", "x: 1\n", "x: 1\r\n", "# a\u00a0b\n"]),
    after=st.sampled_from(["", "\n", "\r\ny: 2\r\n", " # why\n", "  # why\ny: 2"]),
    value=st.integers(1, 999),
)
def test_any_file_is_patched_to_what_was_meant(
    tmp_path_factory: pytest.TempPathFactory, before: str, after: str, value: int
) -> None:
    needs("git")
    place = tmp_path_factory.mktemp("p")
    file = place / "p.yaml"
    file.write_bytes(f"{before}a: 0.5{after}".encode())
    wanted = changed(file, ["a"], value / 1000).encode()
    (place / "x.patch").write_bytes(patch(file, ["a"], value / 1000, "p.yaml").encode())
    if value != 500:
        subprocess.run(["git", "apply", "-p1", "x.patch"], cwd=place, check=True)
    assert file.read_bytes() == wanted
