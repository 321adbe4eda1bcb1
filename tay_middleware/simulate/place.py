"""Where a simulation goes: a home of its own, and a playbook in which something is being tested."""

import hashlib
import os
import re
import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from tay_middleware.errors import ConfigurationError, InputError
from tay_middleware.playbook import Playbook, load_playbook
from tay_middleware.playbook.load import shipped
from tay_middleware.settings import Settings, load_settings
from tay_middleware.simulate.shop import STANDARD_SECRET, STRIPE_SECRET
from tay_middleware.simulate.truth import Truth

HOLDOUT_SHARE = 0.2
"""What the brief's first weeks should hold out, and a simulation does."""

HOLDOUT_PLAN = "{baseline: 0.07, lift: 1.5}"
OPENINGS_PLAN = "{baseline: 0.1, lift: 0.9}"
"""What the tests of a simulation are made to find: about what its people do. A shop that guesses so
well learns in a month what takes a careful one a year."""

PATIENCE_SECONDS = 10.0
"""The grace of a simulation: it plays decisions, not this machine's speed."""

LEAST_PAUSES_SECONDS = 3600.0

MARKER = "simulated-home"
"""The file by which a home is known that a simulation made: nothing real was in it before."""

FILES = tuple(
    f"{name}{ending}" for name in ("tay.db", "history.db") for ending in ("", "-wal", "-shm")
)
KEY, PROMPTS = "user_key_secret", "prompts"

STAGED = Truth(
    wordings={"mentorship.standard.any.B": 1.9},
    annoying={"course.standard.any.C": 0.4},
)
"""The truth beside the staged playbook: opening B is better, and one wording annoys people."""


@dataclass(frozen=True, slots=True)
class Place:
    """What a simulation plays with. `prompts_dir` is `None` for the playbook of the package."""

    settings: Settings
    playbook: Playbook
    prompts_dir: Path | None


def prepare(
    home: Path,
    database_url: str | None,
    begins_on: date,
    seed: int,
    *,
    prompts_dir: Path | None = None,
) -> Place:
    """Make the home of a simulation.

    Args:
        home: its directory; made when it is not there.
        database_url: where the rows go; `None` is a file in the home.
        begins_on: its first day, on which the staged test starts.
        seed: makes the key that hides its people, where none is set.
        prompts_dir: a playbook to play by; `None` stages one with a test and a holdout.

    Raises:
        ConfigurationError: the home cannot be made, or settings or playbook are wrong.
    """
    known = load_settings()
    wanted = prompts_dir or known.prompts_dir
    try:
        home.mkdir(parents=True, exist_ok=True)
        if not _holds_something(home):
            (home / MARKER).write_text("made by tay simulate; --fresh throws away what is here\n")
        if wanted is None:
            wanted = _staged(home / PROMPTS, begins_on)
        secret = known.user_key_secret or _secret(home / KEY, seed)
    except OSError as error:
        raise ConfigurationError(f"{home}: nothing can be simulated here: {error}") from error
    settings = load_settings(
        home=home,
        database_url=database_url,
        redis_url=None,
        user_key_secret=secret,
        prompts_dir=wanted,
        mode="on",
        classifier_model=None,
        grace_seconds=PATIENCE_SECONDS,
        recall_timeout_seconds=PATIENCE_SECONDS,
        pauses_seconds=LEAST_PAUSES_SECONDS,
        webhook_secrets={"stripe": STRIPE_SECRET, "standard": STANDARD_SECRET},
        payment_mode="live",
        public_url="https://tay.example",
    )
    return Place(settings, load_playbook(wanted), wanted)


def history_url(settings: Settings) -> str | None:
    """Where history is kept when the log is on a server: beside it, in the home."""
    if settings.resolved_database_url.startswith("sqlite"):
        return None
    return f"sqlite+aiosqlite:///{settings.home / 'history.db'}"


def own_database(home: Path) -> str | None:
    """The URL of the file that an earlier simulation has left in a home, `None` without one."""
    file = home / "tay.db"
    return f"sqlite+aiosqlite:///{file}" if file.exists() else None


def may_be_thrown_away(home: Path) -> bool:
    """Whether what is in a home came from simulations alone: a playbook and a key may be real."""
    return (home / MARKER).exists() or not _holds_something(home)


def throw_away(home: Path) -> None:
    """Remove what earlier simulations have left in a home, the staged playbook included."""
    for name in (*FILES, KEY):
        (home / name).unlink(missing_ok=True)
    if (home / PROMPTS).exists():
        shutil.rmtree(home / PROMPTS)


def _holds_something(home: Path) -> bool:
    return any((home / name).exists() for name in (*FILES, KEY, PROMPTS))


def _secret(path: Path, seed: int) -> str:
    """The key that hides people who do not exist: the same for the same seed."""
    if not path.exists():
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(hashlib.sha256(f"nobody is hidden: {seed}".encode()).hexdigest())
    return path.read_text().strip()


def _staged(directory: Path, begins_on: date) -> Path:
    """The package's playbook with a holdout and with its tests on."""
    if directory.exists():
        return directory
    shutil.copytree(shipped(), directory)
    started = begins_on.isoformat()
    for file, entry, key, value in (
        ("policy.yaml", "holdout", "share", str(HOLDOUT_SHARE)),
        ("policy.yaml", "holdout", "plan", HOLDOUT_PLAN),
        ("experiments.yaml", "mentorship-openings", "plan", OPENINGS_PLAN),
        ("experiments.yaml", "mentorship-openings", "start", started),
        ("experiments.yaml", "tier-wordings", "start", started),
    ):
        _edit(
            directory / file,
            rf"(?m)^( *{entry}:\n(?: +.*\n)*? +{key}: )(?:\{{.*\}}|[\w.]+)",
            rf"\g<1>{value}",
        )
    return directory


def _edit(file: Path, pattern: str, replacement: str) -> None:
    text, changed = re.subn(pattern, replacement, file.read_text(encoding="utf-8"), count=1)
    if not changed:
        raise InputError(f"{file.name} has no place for what a simulation tests: --prompts-dir")
    file.write_text(text, encoding="utf-8")
