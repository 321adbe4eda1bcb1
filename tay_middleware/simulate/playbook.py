"""A copy of a playbook in which the holdout and the first test run.

They are made to find large effects alone: a simulation of some thousand people has no more in it.
"""

import re
import shutil
from datetime import date
from pathlib import Path

from tay_middleware.playbook import Playbook, load_playbook, shipped

HOLDOUT_SHARE = 0.2
LIFT = 2.0


def stage_playbook(into: Path, source: Path | None, first_day: date) -> Playbook:
    """Copy a playbook and switch its tests on from a day; the original stays as it is.

    Args:
        into: the directory of the copy; replaced if it is there.
        source: the playbook, `None` for the one that ships.
        first_day: of the tests.

    Raises:
        PlaybookError: the copy does not validate.
    """
    shutil.rmtree(into, ignore_errors=True)
    shutil.copytree(source or shipped(), into)
    policy, tests = into / "policy.yaml", into / "experiments.yaml"
    share = re.compile(r"(?m)^(holdout:\n\s+share:)\s*[\d.]+")
    held = share.sub(rf"\1 {HOLDOUT_SHARE}", policy.read_text("utf-8"))
    policy.write_text(_coarse(held), "utf-8")
    if tests.exists():
        begun = re.sub(r"(?m)^(\s+start:)\s*null", rf"\1 {first_day}", tests.read_text("utf-8"))
        tests.write_text(_coarse(begun), "utf-8")
    return load_playbook(into)


def _coarse(text: str) -> str:
    return re.sub(r"(plan: \{baseline: [\d.]+, lift:) [\d.]+", rf"\1 {LIFT}", text)
