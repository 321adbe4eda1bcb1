"""`tay playbook diff --replay` on 10,000 questions: the whole command, from a shell.

The questions are those of our label files, asked by people who come for some at a time; the change
is a higher threshold. Once as a log of the built-in scorer, and once as the worst log of an encoder
there can be, in which it was hardly ever asked: so that the replay has to ask it everything. Run it
as `python -m benchmarks.preview`.
"""

import argparse
import asyncio
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.tune import cases, rows, write
from tay_middleware.decide.encoder import is_installed
from tay_middleware.playbook import load_playbook, shipped
from tay_middleware.storage import upgrade

LIMIT_SECONDS = 60.0
DATA = Path(__file__).resolve().parents[1] / "evals" / "data"


def questions() -> list[str]:
    """Every question of the label files, mixed."""
    found = [
        str(json.loads(line)["question"])
        for path in sorted(DATA.glob("*.jsonl"))
        if path.stem not in {"conversations", "injections"}
        for line in path.read_text().splitlines()
    ]
    Random(4).shuffle(found)
    return found


def logged(many: int, *, encoder: bool) -> Iterator[dict[str, Any]]:
    """Rows of people who asked these questions."""
    playbook, words = load_playbook(), questions()
    found = cases(many, datetime.now(UTC), Random(12), playbook.policy.cascade.scorer.threshold)
    for at, row in enumerate(rows(found, set(), playbook)):
        asked = {**row, "question": words[at % len(words)]}
        if encoder and at == 0:
            asked["scores"] = {**row["scores"], "encoder.escalate": 0.1, "encoder.on_topic": 0.9}
        yield asked


def changed(place: Path) -> Path:
    """A playbook that asks for more."""
    shutil.copytree(shipped(), place)
    policy = place / "policy.yaml"
    text = re.sub(
        r"^    threshold: 0\.\d+", "    threshold: 0.5", policy.read_text(), flags=re.MULTILINE
    )
    policy.write_text(text)
    return place


def measure(many: int, *, encoder: bool) -> bool:
    with tempfile.TemporaryDirectory(prefix="tay-bench-") as home:
        url = f"sqlite+aiosqlite:///{home}/tay.db"
        upgrade(url)
        asyncio.run(write(url, list(logged(many, encoder=encoder))))
        command = [str(Path(sys.executable).with_name("tay")), "playbook", "diff", "--replay"]
        begun = time.perf_counter()
        run = subprocess.run(
            [*command, str(changed(Path(home) / "new")), "--since", "30d", "--json"],
            capture_output=True,
            text=True,
            check=True,
            env={"PATH": "/usr/bin:/bin", "TAY_DATABASE_URL": url, "TAY_USER_KEY_SECRET": "b" * 32},
        )
        seconds = time.perf_counter() - begun
        said = json.loads(run.stdout)
        by = "asking the encoder everything" if encoder else "built-in scorer"
        print(
            f"{by}: {said['replayed']:,} of {said['questions']:,} questions decided under two "
            f"playbooks in {seconds:.1f} s (limit {LIMIT_SECONDS:g}); mentions {said['mentions']}"
        )
        return seconds <= LIMIT_SECONDS


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rows", type=int, default=10_000)
    asked = arguments.parse_args()
    held = measure(asked.rows, encoder=False)
    if is_installed():
        held = measure(asked.rows, encoder=True) and held
    else:
        print("no encoder is installed: not measured with it")
    if not held:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
