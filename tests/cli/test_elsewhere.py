"""A command that runs in another directory than the app's: it says so, and begins nothing there."""

from pathlib import Path

import pytest

from tests.commands import Tay

SALES = "purchase_id,amount,currency,occurred_at\no-1,49.00,usd,2026-03-02\n"


@pytest.mark.parametrize(
    "command",
    [
        "users export ada",
        "users erase ada --yes",
        "db maintain",
        "db maintain --keep-days 400",
        "conversions import sales.csv",
        "conversions import sales.csv --dry-run",
        "webhooks list",
        "webhooks work --once",
        "webhooks replay --dead",
        "tokens list",
        "metrics",
        "review",
        "experiments",
        "experiments guard",
        "tune",
        "label export",
        "playbook diff --replay",
    ],
)
def test_no_command_but_those_that_begin_a_log_makes_a_database(
    tay: Tay, tmp_path: Path, command: str
) -> None:
    (tmp_path / "sales.csv").write_text(SALES)
    run = tay(*command.split())
    assert (run.returncode, run.stdout) == (1, "")
    assert f"no database at {tmp_path}/.tay/tay.db: set TAY_HOME" in run.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["sales.csv"]


@pytest.mark.parametrize(
    "command", ["users export ada", "users erase ada --yes", "conversions import sales.csv"]
)
def test_a_key_that_knows_nobody_is_not_made_beside_a_database_that_is_named(
    tay: Tay, tmp_path: Path, command: str
) -> None:
    (tmp_path / "sales.csv").write_text(SALES)
    url = f"sqlite+aiosqlite:///{tmp_path / 'there.db'}"
    assert tay("db", "upgrade", TAY_DATABASE_URL=url).returncode == 0
    run = tay(*command.split(), TAY_DATABASE_URL=url)
    assert (run.returncode, run.stdout) == (1, "")
    assert f"no key of user ids at {tmp_path}/.tay/user_key_secret" in run.stderr
    assert not (tmp_path / ".tay").exists()


def test_a_database_that_does_not_answer_is_named_without_its_password(tay: Tay) -> None:
    run = tay(
        "metrics",
        TAY_DATABASE_URL="postgresql+asyncpg://u:hush@127.0.0.1:1/tay",
        TAY_USER_KEY_SECRET="x" * 40,
    )
    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr.endswith(" (postgresql+asyncpg://u:***@127.0.0.1:1/tay)\n")


def test_what_changes_a_database_says_which(tay: Tay, tmp_path: Path) -> None:
    (tmp_path / "sales.csv").write_text(SALES)
    tay("chat", given="/quit\n")
    place = tmp_path / ".tay" / "tay.db"
    assert tay("db", "maintain").stdout.endswith(f"deleted 0 rows (in {place})\n")
    assert tay("conversions", "import", "sales.csv").stdout.startswith(f"imported into {place}\n")
    erased = tay("users", "erase", "nobody", "--yes")
    assert erased.returncode == 0
    assert erased.stdout.splitlines() == [
        f"erased: 0 rows are anonymous now, 0 spooled calls are gone (in {place})",
        "nobody of this id is known here",
    ]


def test_a_token_may_come_before_anything_else_and_says_that_it_begins(
    tay: Tay, tmp_path: Path
) -> None:
    first, second = (tay("tokens", "create", "--scope", "read") for _ in range(2))
    assert first.stdout.startswith("tay_")
    assert first.stderr == f"a new database: {tmp_path / '.tay' / 'tay.db'}\n"
    assert (second.returncode, second.stderr) == (0, "")
