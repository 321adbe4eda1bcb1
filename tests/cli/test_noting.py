"""What is changed at a terminal stands in the audit log; numbers out of range are said plainly."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from tay_middleware.cli.main import app
from tay_middleware.errors import TayError
from tests.databases import migrated

WORDING = "mentorship.gentle.any.B"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with an empty log."""
    monkeypatch.setenv("TAY_HOME", str(tmp_path))
    migrated(f"sqlite+aiosqlite:///{tmp_path / 'tay.db'}")
    (tmp_path / "user_key_secret").write_text("of the tests")
    return tmp_path


def tay(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def noted(home: Path) -> list[tuple[str, Any, dict[str, Any]]]:
    with sqlite3.connect(home / "tay.db") as connection:
        rows = connection.execute(
            "SELECT action, subject, detail FROM audit_log WHERE via = 'cli' AND actor LIKE 'cli%' "
            "ORDER BY id"
        ).fetchall()
    connection.close()
    return [(action, subject, json.loads(detail)) for action, subject, detail in rows]


def test_every_change_at_a_terminal_is_noted_once_and_names_no_user(home: Path) -> None:
    made = tay("tokens", "create", "--scope", "read")
    token = made.stdout.strip()
    token_id = token.removeprefix("tay_").partition("_")[0]
    for arguments in (
        ("tokens", "revoke", token),
        ("tokens", "revoke", token),
        ("experiments", "pause", WORDING, "--reason", "too loud"),
        ("experiments", "pause", WORDING, "--reason", "too loud"),
        ("experiments", "resume", WORDING),
        ("users", "erase", "ada", "--yes"),
        ("webhooks", "replay", "--dead"),
    ):
        tay(*arguments)
    assert noted(home) == [
        ("create_token", token_id, {"scopes": ["read"]}),
        ("revoke_token", token_id, {}),
        ("pause", WORDING, {}),
        ("resume", WORDING, {}),
        ("erase", None, {}),
    ]


def test_a_delivery_that_is_replayed_at_a_terminal_is_noted(home: Path) -> None:
    delivery = "0190a6e0-0000-7000-8000-000000000001"
    with sqlite3.connect(home / "tay.db") as connection:
        connection.execute(
            "INSERT INTO webhook_events (id, provider, external_id, headers, body, received_at, "
            "attempts) VALUES (?, 'stripe', 'evt_1', '{}', '{}', '2026-03-02 12:00:00', 1)",
            (delivery,),
        )
    connection.close()
    assert "1 delivery will be handled again" in tay("webhooks", "replay", delivery).stdout
    assert tay("webhooks", "show", delivery).exit_code == 0
    assert noted(home) == [("replay", delivery, {"deliveries": 1}), ("export", delivery, {})]


def test_every_export_at_a_terminal_is_noted_without_whom(home: Path) -> None:
    assert tay("users", "export", "ada").exit_code == 0
    assert tay("label", "export").exit_code == 0
    assert noted(home) == [("export", "user", {}), ("export", "labels", {})]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("metrics", "--as-of", "0001-01-01"), "'0001-01-01' is outside 2000 to 2100"),
        (("metrics", "--as-of", "0001-01-01T00:00:00+05:00"), "is no day"),
        (("metrics", "0001-01"), "0001-01 is before 2000"),
        (("simulate", "--until", "0001-01-05"), "'0001-01-05' is outside 2000 to 2100"),
        (("simulate", "--until", "9999-01-05"), "'9999-01-05' is outside 2000 to 2100"),
        (("db", "maintain", "--keep-days", "1000000"), "36500"),
    ],
)
def test_what_no_calendar_knows_is_said_plainly(
    home: Path, arguments: tuple[str, ...], said: str
) -> None:
    found = tay(*arguments)
    assert found.exit_code != 0
    assert found.exception is None or isinstance(found.exception, TayError | SystemExit)
    assert said in found.output + str(found.exception)


def test_a_retention_that_no_calendar_knows_is_refused(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAY_RETENTION_DAYS", "1000000")
    found = tay("db", "maintain")
    assert isinstance(found.exception, TayError | SystemExit)
    assert "36500" in found.output + str(found.exception)
