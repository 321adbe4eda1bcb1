"""`tay tune --target-rate 12.5%` on a log of 100,000 questions: the whole command, from a shell.

SQLite, then a PostgreSQL from the wheel. `--rows` for another size. Run it as
`python -m benchmarks.tune`. The rows have a known law: half of the questions come to nothing, and a
mention is shown where the policy that ships would show it.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from tay_middleware.analytics.tuning.cases import NEVER, Case, Fate, Knob
from tay_middleware.analytics.tuning.replay import Passing, Replay
from tay_middleware.domain import uuid7
from tay_middleware.playbook import Playbook, load_playbook
from tay_middleware.storage import Database, upgrade
from tay_middleware.storage.sql import escalation_logs, escalation_row, question_logs
from tay_middleware.storage.transaction import Transaction
from tests.servers import Postgres

CHUNK, DAYS, TRIES = 10_000, 27, 3
LIMIT_SECONDS, NEAR_POINTS = 5.0, 0.5
TARGET = "12.5%"


def cases(many: int, now: datetime, random: Random, threshold: float) -> list[Case]:
    """Questions of people who come for some at a time; most are about nothing to sell."""
    found: list[Case] = []
    people = many // 12
    while len(found) < many:
        person = random.randrange(people)
        session = f"s{len(found)}"
        at = now - timedelta(seconds=random.uniform(600, DAYS * 86_400))
        for _ in range(random.randint(1, 5)):
            at += timedelta(seconds=random.uniform(20, 200))
            found.append(_case(_key(person), session, at, random, threshold))
    return sorted(found[:many], key=lambda case: case.id)


def _key(person: int) -> str:
    """A user's key: 32 hexadecimal digits, spread as an HMAC's are."""
    return f"{person * 0x9E3779B97F4A7C15F39CC0605CEDC835 % (1 << 128):032x}"


def _case(user: str, session: str, at: datetime, random: Random, threshold: float) -> Case:
    chance = round(random.betavariate(0.6, 3.2), 4)
    is_open = random.random() < 0.8
    detected = is_open and chance >= threshold
    return Case(
        id=uuid7(at, random.getrandbits(74)),
        user=user,
        session=session,
        asked=at.timestamp(),
        answered=at.timestamp() + random.uniform(2, 8),
        score=chance if is_open else NEVER,
        fate=Fate.PASSES if detected and random.random() < 0.9 else Fate.HELD,
        lifts=False,
        detected=detected,
        shown=False,
        knob=Knob.SCORER if is_open else None,
        chance=chance,
    )


def rows(found: list[Case], shown: set[int], playbook: Playbook) -> Iterator[dict[str, Any]]:
    """The rows of `question_logs` that the engine would have written."""
    nothing = dict.fromkeys(column.name for column in question_logs.columns)
    for at, case in enumerate(found):
        mention, cause = at in shown, None
        if case.detected and not mention:
            cause = "owns_offer" if case.fate is Fate.HELD else "cooldown"
        yield {
            **nothing,
            "id": case.id,
            "turn_id": case.id,
            "user_id": case.user,
            "user_key": case.user,
            "session_id": case.session,
            "tier": "free",
            "question": "Can you review my pricing structure and tell me what's wrong?",
            "topic": "pricing",
            "detected": case.detected,
            "need": case.detected,
            "shown": mention,
            "suppressed": cause,
            "kind": "mention" if mention else "none",
            **_said(case, mention=mention),
            "stage": "model",
            "confidence": case.chance,
            "scores": _scores(case.chance),
            "gates": [] if case.knob else ["off_topic"],
            "indicators": [["personal", "my pricing", 15, 25, 1.0]],
            "notes": ["first session: gentle"],
            "status": "replied",
            "playbook_version": playbook.version,
            "created_at": datetime.fromtimestamp(case.asked, UTC),
            "answered_at": datetime.fromtimestamp(case.answered, UTC),
            "assignments": [],
        }


def _said(case: Case, *, mention: bool) -> dict[str, Any]:
    if not case.detected:
        return {}
    said = {"offer": "mentorship", "reason": "personalized_help", "strength": "gentle"}
    words = {
        "template": "mentorship.gentle.any.A",
        "variant": "A",
        "addition": "\n\nThe mentorship.",
    }
    return said | words if mention else said


def _scores(chance: float) -> dict[str, float]:
    offers = {"mentorship": 0.8, "course": 0.0, "masterclass": 0.0}
    learned = {f"scorer.offer.{name}": 0.3333 for name in offers}
    points = {"total": 0.8, "margin": 0.8, "taken": 0.0, "group.personal": 1.0}
    more = {"scorer.escalate": chance, "scorer.on_topic": 0.97, "scorer.gate.support": 0.0512}
    return {**offers, **points, **more, **learned}


def fill(transaction: Transaction, made: list[dict[str, Any]]) -> None:
    transaction.execute(question_logs.insert(), made)
    mentions = [escalation_row(row) for row in made if row["shown"]]
    if mentions:
        transaction.execute(escalation_logs.insert(), mentions)


async def write(url: str, made: list[dict[str, Any]]) -> None:
    database = Database(url, statement_seconds=600)
    try:
        for first in range(0, len(made), CHUNK):
            await database.write(fill, made[first : first + CHUNK])
    finally:
        await database.aclose()


def measure(url: str, made: list[dict[str, Any]], name: str) -> bool:
    """Run the command some times; whether it kept the limits."""
    upgrade(url)
    asyncio.run(write(url, made))
    command = [str(Path(sys.executable).with_name("tay")), "tune", "--target-rate", TARGET]
    seconds, said = [], {}
    for _ in range(TRIES):
        begun = time.perf_counter()
        run = subprocess.run(
            [*command, "--json"],
            capture_output=True,
            text=True,
            check=False,
            env={"PATH": "/usr/bin:/bin", "TAY_DATABASE_URL": url, "TAY_USER_KEY_SECRET": "b" * 32},
        )
        seconds.append(time.perf_counter() - begun)
        said = json.loads(run.stdout)
    point = next((one for one in said["points"] if one["threshold"] == said["proposed"]), None)
    rate = 100 * point["rate"]["found"] / point["rate"]["of"] if point else float("nan")
    off = abs(rate - float(TARGET.rstrip("%")))
    print(
        f"{name}: {len(made):,} questions, `tay tune --target-rate {TARGET}` in "
        f"{min(seconds):.1f} to {max(seconds):.1f} s (limit {LIMIT_SECONDS:g}); {said['words']}; "
        f"{off:.2f} points off (limit {NEAR_POINTS:g}); agreement {said['agreement']:.1%}"
    )
    return max(seconds) <= LIMIT_SECONDS and off <= NEAR_POINTS


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rows", type=int, default=100_000)
    asked = arguments.parse_args()
    playbook, random = load_playbook(), Random(12)
    threshold = playbook.policy.cascade.scorer.threshold
    found = cases(asked.rows, datetime.now(UTC), random, threshold)
    shown = set(Replay(found, playbook.policy, Passing(0.0, 1.0)).shown(threshold))
    made = list(rows(found, shown, playbook))
    print(f"live: {len(shown) / len(found):.1%} of questions get a mention at {threshold:g}")
    with tempfile.TemporaryDirectory(prefix="tay-bench-") as home:
        held = measure(f"sqlite+aiosqlite:///{home}/tay.db", made, "SQLite")
    server = Postgres(in_memory=False)
    try:
        held = measure(server.url(), made, "PostgreSQL") and held
    finally:
        server.stop()
    if not held:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
