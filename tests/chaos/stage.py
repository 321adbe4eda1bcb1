"""Where a scenario plays: servers of its own, an engine, drains, and the final account."""

import asyncio
import gc
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, func, select

from tay_middleware.engine import Escalator
from tay_middleware.playbook import Playbook
from tay_middleware.settings import Settings
from tay_middleware.storage import Database, Outbox, open_store
from tay_middleware.storage.ledger import dead_letters
from tay_middleware.storage.sql import escalation_logs, question_logs
from tay_middleware.storage.turns.figures import hourly_stats
from tests.chaos.load import Told, at_share

TAY = Path(sys.executable).with_name("tay")
DEADLINE_MS = 100.0
SLACK_MS = 50.0


@dataclass(frozen=True, slots=True)
class Account:
    """What was sent beside what is stored."""

    sent: int
    stored: int
    missing: int
    doubled: int
    dead: int
    wrong_words: int
    figures_off: int
    p999_ms: float
    slowest_ms: float
    shown: int
    usual_ms: float | None = None
    """p99.9 of the same load in the same run before the fault, where the scenario has its own."""

    def line(self, name: str) -> str:
        usual = "" if self.usual_ms is None else f"  without {self.usual_ms:7.1f} ms"
        return (
            f"{name:<34} sent {self.sent:>6}  stored {self.stored:>6}  missing {self.missing}  "
            f"doubled {self.doubled}  wrong {self.wrong_words}  shown {self.shown:>4}  "
            f"dead {self.dead}  p99.9 {self.p999_ms:7.1f} ms  slowest {self.slowest_ms:7.1f} ms"
            f"{usual}"
        )


class Stage:
    """Servers, an engine on them, and any number of drains."""

    def __init__(
        self, redis_url: str, database_url: str, playbook: Playbook, home: Path, **outbox: Any
    ) -> None:
        self.database_url = database_url
        self.redis_url = redis_url
        self._playbook = playbook
        self._home = home
        self._outbox = Outbox(redis_url, home / "spool.db", **outbox)
        self._environment = {
            **os.environ,
            "TAY_REDIS_URL": redis_url,
            "TAY_DATABASE_URL": database_url,
            "TAY_HOME": str(home),
            "TAY_USER_KEY_SECRET": SECRET,
        }
        self._drains: list[subprocess.Popen[bytes]] = []

    @contextmanager
    def engine(self, **arguments: Any) -> Iterator[Escalator]:
        # Without the encoder: reading its model takes both cores of a small machine for seconds,
        # and what is judged here is what storage adds.
        settings = Settings(home=self._home, user_key_secret=SECRET, encoder="off")
        url, outbox = self.database_url, self._outbox
        made = Escalator(
            self._playbook,
            lambda: open_store(url, history_turns=50, outbox=outbox),
            settings,
            **arguments,
        )
        # As a server does that has started (`examples/chat_server.py`): what is judged is what
        # storage adds, and a full collection of all that pytest has imported takes 0.2 s.
        gc.collect()
        gc.freeze()
        try:
            yield made
        finally:
            gc.unfreeze()
            made.flush(120)
            made.close()

    def start_drain(self, *, batch: int = 2000, claim_after_seconds: float = 1.0) -> None:
        options = ["--batch", str(batch), "--claim-after-seconds", str(claim_after_seconds)]
        self._drains.append(
            subprocess.Popen(
                [str(TAY), "drain", *options],
                env=self._environment,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        )

    @property
    def drains(self) -> Sequence[subprocess.Popen[bytes]]:
        return [drain for drain in self._drains if drain.poll() is None]

    def kill_drain(self, at: int) -> None:
        victim = self.drains[at % len(self.drains)]
        victim.kill()
        victim.wait()

    def stop_drains(self) -> None:
        for drain in self.drains:
            drain.terminate()
        for drain in self._drains:
            drain.wait(30)

    def settle(self) -> None:
        """Bring all that is left into SQL, as the drains would do by and by."""
        self.stop_drains()
        quiet = 0
        until = time.monotonic() + 120
        while quiet < 2 and time.monotonic() < until:
            subprocess.run(
                [str(TAY), "drain", "--once", "--claim-after-seconds", "0"],
                env=self._environment,
                check=False,
                capture_output=True,
            )
            quiet = quiet + 1 if self._nothing_waits() else 0

    def _nothing_waits(self) -> bool:
        from tay_middleware.storage.outbox.worker import Places, health  # noqa: PLC0415 - of this scenario

        found = health(Places(self._outbox, self.database_url))
        return found.events == 0 and found.spooled == 0

    def account(self, told: Sequence[Told], *, usual: Sequence[Told] = ()) -> Account:
        """Compare what users saw with what SQL holds; `usual` was sent before the fault."""
        rows, shown, counted, dead = asyncio.run(self._read())
        by_turn: dict[Any, list[Any]] = {}
        for row in rows:
            by_turn.setdefault(row.turn_id, []).append(row)
        seen = {one.turn_id: one.addition for one in (*usual, *told)}
        wrong = sum(
            (seen[turn] or "").strip() != (found[0].addition or "").strip()
            for turn, found in by_turn.items()
            if turn in seen
        )
        return Account(
            sent=len(seen),
            stored=len(seen.keys() & by_turn.keys()),
            missing=len(seen.keys() - by_turn.keys()),
            doubled=sum(len(found) - 1 for found in by_turn.values())
            + abs(shown - sum(row.shown for row in rows)),
            dead=dead,
            wrong_words=wrong,
            figures_off=abs(counted - len(rows)),
            p999_ms=at_share(told, 0.999),
            slowest_ms=at_share(told, 1.0),
            shown=shown,
            usual_ms=at_share(usual, 0.999) if usual else None,
        )

    async def _read(self) -> tuple[list[Any], int, int, int]:
        database = Database(self.database_url)

        def read(connection: Connection) -> tuple[list[Any], int, int, int]:
            columns = question_logs.c
            rows = connection.execute(
                select(columns.id, columns.turn_id, columns.shown, columns.addition)
            ).all()
            shown = connection.execute(
                select(func.count()).select_from(escalation_logs)
            ).scalar_one()
            counted = connection.execute(select(func.sum(hourly_stats.c.questions))).scalar() or 0
            dead = connection.execute(select(func.count()).select_from(dead_letters)).scalar_one()
            return list(rows), shown, int(counted), dead

        try:
            return await database.read(read)
        finally:
            await database.aclose()


SECRET = "a secret of the tests, long enough"  # noqa: S105 - it guards nothing


@contextmanager
def meanwhile(play: Callable[[], None]) -> Iterator[None]:
    """Run the faults of a scenario on a thread beside the load."""
    failures: list[BaseException] = []

    def run() -> None:
        try:
            play()
        except BaseException as error:  # noqa: BLE001 - raised again by whoever waits
            failures.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        thread.join(60)
    if failures:
        raise failures[0]
