"""The commands of production: drain, database, users; as an operator runs them."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tay_middleware.engine import Escalator, Reply
from tay_middleware.settings import load_settings
from tay_middleware.storage.migrations import HEAD
from tests.commands import Run, tay_with

TAY = Path(sys.executable).with_name("tay")
NEED = "Can you review my pricing structure and tell me what's wrong? mail me at a@b.example"
ANSWER = Reply("Start with one honest hour, and divide what is left by it.")


@pytest.fixture
def places(redis_url: str, postgres_url: str, tmp_path: Path) -> dict[str, str]:
    return {
        "TAY_REDIS_URL": redis_url,
        "TAY_DATABASE_URL": postgres_url,
        "TAY_HOME": str(tmp_path / "home"),
        "TAY_USER_KEY_SECRET": "a secret of the tests, long enough",
        "TAY_REDIS_TIMEOUT_SECONDS": "5",
        "TAY_SCORER": "off",
    }


def tay(places: dict[str, str], *arguments: str) -> Run:
    return tay_with(places, *arguments)


@pytest.fixture
def asked(places: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Places in which one user has asked and was answered with a mention."""
    for name, value in places.items():
        monkeypatch.setenv(name, value)
    engine = Escalator.from_settings(
        load_settings(grace_seconds=10, recall_timeout_seconds=10, encoder="off")
    )
    turn = engine.turn(question=NEED, user_id="ada", session_id="s1")
    assert engine.begin(turn).settle(ANSWER).addition is not None
    assert engine.flush(10)
    engine.close()
    return places


def test_a_decision_goes_through_redis_into_postgres(asked: dict[str, str]) -> None:
    waiting = tay(asked, "drain", "--status")
    assert waiting.returncode == 0, waiting.stderr
    assert json.loads(waiting.stdout)["events"] == 1
    done = tay(asked, "drain", "--once")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["rows"] == 1
    kept = json.loads(tay(asked, "users", "export", "ada").stdout)
    (escalation,) = kept["escalation_logs"]
    assert (escalation["user_id"], escalation["offer"]) == ("ada", "mentorship")
    assert "[email]" in escalation["question"]
    assert json.loads(tay(asked, "drain", "--status").stdout)["events"] == 0


def test_the_status_says_what_can_be_seen_while_redis_or_sql_is_away(
    asked: dict[str, str], tmp_path: Path
) -> None:
    no_sql = tay(
        {**asked, "TAY_DATABASE_URL": "postgresql://u:p@127.0.0.1:1/d"}, "drain", "--status"
    )
    found = json.loads(no_sql.stdout)
    assert (no_sql.returncode, found["events"], found["dead"]) == (1, 1, None)
    assert found["away"] == ["asking the database: Connect call failed ('127.0.0.1', 1)"]
    no_redis = tay({**asked, "TAY_REDIS_URL": f"unix://{tmp_path}/away"}, "drain", "--status")
    found = json.loads(no_redis.stdout)
    assert (no_redis.returncode, found["silent"], found["spooled"], found["dead"]) == (1, 64, 0, 0)
    assert found["away"] == ["measuring the outbox: Redis does not answer (ConnectionError)"]


def test_a_late_outbox_makes_the_status_fail(asked: dict[str, str]) -> None:
    late = tay(asked, "drain", "--status", "--max-lag-seconds", "0")
    assert late.returncode == 1
    assert json.loads(late.stdout)["lag_seconds"] > 0


@pytest.mark.scale
def test_erasing_asks_first_and_then_erases(asked: dict[str, str], tmp_path: Path) -> None:
    assert tay(asked, "users", "erase", "ada").returncode != 0
    tay(asked, "drain", "--once")
    done = tay(asked, "users", "erase", "ada", "--yes")
    assert done.stdout.startswith("erased: 2 rows are anonymous now"), done.stderr
    out = tmp_path / "ada.json"
    assert tay(asked, "users", "export", "ada", "--output", str(out)).returncode == 0
    assert json.loads(out.read_text())["question_logs"] == []


def test_a_running_drain_ends_well_when_it_is_told_to(asked: dict[str, str]) -> None:
    worker = subprocess.Popen(
        [str(TAY), "drain"],
        env={**os.environ, **asked},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    for _ in range(200):
        if json.loads(tay(asked, "drain", "--status").stdout)["events"] == 0:
            break
    worker.send_signal(signal.SIGTERM)
    out, _ = worker.communicate(timeout=30)
    assert worker.returncode == 0
    assert json.loads(out)["rows"] == 1


@pytest.mark.scale
def test_migrations_and_upkeep_of_a_server(places: dict[str, str], empty_postgres_url: str) -> None:
    empty = {**places, "TAY_DATABASE_URL": empty_postgres_url}
    assert tay(empty, "db", "current").stdout == "none\n"
    drained = tay(empty, "drain", "--once")
    assert (drained.returncode, drained.stdout) == (1, "")
    assert "run `tay db upgrade`" in drained.stderr
    assert tay(empty, "db", "upgrade").stdout == f"the schema is at {HEAD}\n"
    upkeep = tay(empty, "db", "maintain", "--keep-days", "400")
    assert upkeep.stdout.startswith("made 0 partitions, dropped 0")
    assert tay(empty, "drain", "--once").returncode == 0


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"TAY_REDIS_URL": "redis://127.0.0.1:1/0"}, "Redis does not answer"),
        ({"TAY_REDIS_URL": "nonsense"}, "TAY_REDIS_URL (no scheme) is not understood"),
        ({"TAY_DATABASE_URL": "postgresql://u:hush@127.0.0.1:1/d"}, "asking the database"),
        ({"TAY_DATABASE_URL": "mysql://u:hush@h/d"}, "this database is not supported"),
    ],
)
def test_what_is_wrong_is_said_in_one_plain_line(
    places: dict[str, str], change: dict[str, str], said: str
) -> None:
    run = tay({**places, **change}, "drain", "--once")
    assert run.returncode == 1
    assert said in run.stderr
    assert "hush" not in run.stderr
    assert "Traceback" not in run.stderr


def test_the_embedded_store_needs_no_drain(tmp_path: Path) -> None:
    run = tay({"TAY_HOME": str(tmp_path)}, "drain", "--once")
    assert run.returncode == 1
    assert "needs no drain" in run.stderr


@pytest.mark.scale
def test_the_embedded_store_exports_and_erases(tmp_path: Path) -> None:
    home = {"TAY_HOME": str(tmp_path / "home")}
    engine = Escalator.from_settings(load_settings(home=tmp_path / "home", grace_seconds=10))
    engine.begin(engine.turn(question=NEED, session_id="s9")).settle(ANSWER)
    engine.close()
    kept: dict[str, Any] = json.loads(tay(home, "users", "export", "--session", "s9").stdout)
    assert len(kept["question_logs"]) == 1
    assert tay(home, "users", "erase", "--session", "s9", "--yes").returncode == 0
    assert json.loads(tay(home, "users", "export", "--session", "s9").stdout)["question_logs"] == []


def test_redis_without_a_secret_is_refused(places: dict[str, str]) -> None:
    without = {name: value for name, value in places.items() if name != "TAY_USER_KEY_SECRET"}
    run = tay(without, "users", "export", "ada")
    assert run.returncode == 1
    assert "TAY_USER_KEY_SECRET is not set" in run.stderr


@pytest.mark.parametrize("secret", ["", " " * 40, "short", "x" * 31 + " " * 9])
def test_a_secret_that_can_be_guessed_is_refused_with_redis(
    places: dict[str, str], secret: str
) -> None:
    run = tay({**places, "TAY_USER_KEY_SECRET": secret}, "users", "export", "ada")
    assert run.returncode == 1
    assert "Set it to 32 or more random characters" in run.stderr


def test_an_empty_secret_of_the_embedded_store_is_none(tmp_path: Path) -> None:
    made = load_settings(home=tmp_path, user_key_secret="").user_key_bytes()
    assert len(made) == 64
    assert made == load_settings(home=tmp_path).user_key_bytes()
    said = "sixteen characts"
    assert load_settings(home=tmp_path, user_key_secret=said).user_key_bytes() == said.encode()


@pytest.mark.parametrize("options", [["--once"], ["--status"]])
def test_a_drain_that_is_told_no_database_leaves_the_outbox_alone(
    asked: dict[str, str], tmp_path: Path, options: list[str]
) -> None:
    run = tay({**asked, "TAY_DATABASE_URL": ""}, "drain", *options)
    assert (run.returncode, run.stdout) == (1, "")
    assert "TAY_DATABASE_URL is not set" in run.stderr
    assert not (tmp_path / "home" / "tay.db").exists()
    done = tay(asked, "drain", "--once")
    assert json.loads(done.stdout)["rows"] == 1
    assert "from Redis into postgresql+asyncpg://" in done.stderr


def test_a_misspelt_variable_is_named_with_the_nearest_setting(tmp_path: Path) -> None:
    home = {"TAY_HOME": str(tmp_path), "TAY_RETENTION_DAY": "1", "TAY_WEBHOOK_SECRETS__A": "x"}
    run = tay({**home, "tay_oddity": "1"}, "db", "current")
    assert run.returncode == 0
    assert run.stderr.splitlines() == [
        "tay: TAY_RETENTION_DAY is no setting and changes nothing; TAY_RETENTION_DAYS is one",
        "tay: tay_oddity is no setting and changes nothing",
    ]
