"""`tay simulate`: real rows of people who do not exist, and none beside real ones."""

import json
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from tay_middleware.cli.main import app
from tay_middleware.engine import Escalator, Reply
from tay_middleware.errors import InputError
from tay_middleware.playbook import Playbook
from tay_middleware.settings import Settings, load_settings
from tay_middleware.simulate import Order, Result, Truth, simulate
from tay_middleware.simulate.bank import read_bank
from tay_middleware.simulate.people import population, visits
from tay_middleware.storage import Database, open_store
from tests.databases import play
from tests.uncounted import at_scale, uncounted

pytestmark = pytest.mark.scale

UNTIL = datetime(2026, 11, 23, tzinfo=UTC)
LABELLED = ("question_logs", "escalation_logs", "conversions")


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Result:
    """Sixty people, thirty days."""
    with uncounted():
        return simulate(Order(UNTIL, users=60, seed=3, home=tmp_path_factory.mktemp("month")))


def rows(result: Result, sql: str) -> list[Any]:
    with sqlite3.connect(result.place.settings.home / "tay.db") as connection:
        return connection.execute(sql).fetchall()


def test_every_question_mention_and_purchase_says_that_it_is_simulated(month: Result) -> None:
    for table in LABELLED:
        told = rows(month, f"select simulated, count(*) from {table} group by 1")  # noqa: S608 - ours
        assert [simulated for simulated, _ in told] == [1], table
    assert rows(month, "select count(*) from question_logs") == [(month.counts.questions,)]
    ids = rows(month, "select user_id from question_logs where user_id not like 'simulated-%'")
    assert ids == []


def test_mentions_purchases_and_clicks_are_those_that_were_counted(month: Result) -> None:
    shown = rows(month, "select count(*) from question_logs where shown")
    assert shown == [(month.counts.mentions,)]
    assert rows(month, "select count(*) from escalation_logs") == shown
    assert month.counts.mentions > 20
    assert month.counts.purchases > 0
    assert rows(
        month, "select count(*) from webhook_events where due_at is not null or dead_at is not null"
    ) == [(0,)]


def test_the_truth_that_was_put_in_stands_beside_the_rows(month: Result) -> None:
    [(truth, seed, users)] = rows(month, "select truth, seed, users from simulations")
    told = json.loads(truth)
    assert (seed, users) == (3, 60)
    assert told["put_in"] == month.truth
    assert told["effect"] == month.effect
    assert month.effect["told"] > month.effect["alone"] > 0


def test_nothing_lies_outside_of_the_time_that_was_asked_for(month: Result) -> None:
    [(first, last)] = rows(month, "select min(created_at), max(created_at) from question_logs")
    assert first >= (UNTIL - timedelta(days=30)).strftime("%Y-%m-%d %H:%M:%S")
    assert last < UNTIL.strftime("%Y-%m-%d %H:%M:%S")


def test_a_playbook_and_a_key_that_a_simulation_did_not_make_are_not_thrown_away(
    tmp_path: Path,
) -> None:
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / "policy.yaml").write_text("ours")
    (tmp_path / "user_key_secret").write_text("real")
    with pytest.raises(InputError, match="nothing is thrown away"):
        simulate(Order(UNTIL, users=2, days=2, home=tmp_path, fresh=True))
    assert (tmp_path / "prompts" / "policy.yaml").read_text() == "ours"
    assert (tmp_path / "user_key_secret").read_text() == "real"


@at_scale
def test_the_same_seed_gives_the_same_rows(month: Result, tmp_path: Path) -> None:
    again = simulate(Order(UNTIL, users=60, seed=3, home=tmp_path))
    asked = "select id, question, confidence, template, arm, shown from question_logs order by id"
    assert rows(again, asked) == rows(month, asked)
    bought = (
        "select purchase_key, amount, net, kind, simulated from conversions order by purchase_key"
    )
    assert rows(again, bought) == rows(month, bought)


@at_scale
def test_other_seeds_give_other_people(month: Result, tmp_path: Path) -> None:
    other = simulate(Order(UNTIL, users=60, seed=4, home=tmp_path))
    asked = "select question from question_logs order by id"
    assert rows(other, asked) != rows(month, asked)


def test_a_database_with_real_rows_is_refused_unless_asked_for(
    playbook: Playbook, settings: Settings
) -> None:
    engine = Escalator(
        playbook,
        lambda: open_store(settings.resolved_database_url, history_turns=20),
        settings,
        clock=lambda: UNTIL,
    )
    turn = engine.turn(question="How do I melt a lace front?", user_id="a real person")
    engine.begin(turn).settle(Reply("Warm it."))
    engine.flush(5)
    engine.close()
    order = Order(UNTIL, users=2, days=2, home=settings.home)
    with pytest.raises(InputError, match="real people"):
        simulate(order)
    with pytest.raises(InputError, match="nothing is thrown away"):
        simulate(Order(UNTIL, users=2, days=2, home=settings.home, fresh=True))
    found = simulate(Order(UNTIL, users=5, days=9, home=settings.home, among_real_rows=True))
    real = rows(found, "select user_id from question_logs where simulated is not true")
    assert real == [("a real person",)]


def test_a_seed_is_not_played_twice_into_one_database(tmp_path: Path) -> None:
    order = Order(UNTIL, users=4, days=7, home=tmp_path)
    simulate(order)
    with pytest.raises(InputError, match="--fresh"):
        simulate(order)
    fresh = simulate(Order(UNTIL, users=4, days=7, home=tmp_path, fresh=True))
    assert rows(fresh, "select count(*) from simulations") == [(1,)]


@at_scale
def test_who_never_reacts_badly_and_never_buys_is_simulated_as_well(tmp_path: Path) -> None:
    cold = Truth(organic={}, annoys=0.0)
    found = simulate(Order(UNTIL, users=25, days=20, home=tmp_path, truth=cold))
    assert found.counts.mentions > 0
    assert found.counts.purchases == found.counts.bad_reactions == 0
    assert rows(found, "select count(*) from conversions") == [(0,)]


def test_what_one_person_is_does_not_hang_on_how_many_there_are() -> None:
    begins = UNTIL - timedelta(days=30)
    few, many = population(7, 3, begins, 30), population(7, 40, begins, 30)
    assert many[:3] == few
    for person in many:
        came = list(visits(person, 7, begins, 30))
        assert came == sorted(came)
        assert all(begins <= at < UNTIL for at in came)


def test_the_bank_has_words_for_every_intent() -> None:
    bank = read_bank()
    assert set(bank.needs) == set(bank.buys) == {"mentorship", "course", "masterclass"}
    assert {"refusal", "opt_out", "complaint", "why", "thanks"} <= set(bank.after)
    assert all(len(words) >= 3 for words in (*bank.needs.values(), *bank.others.values()))


@at_scale
def test_a_server_holds_the_same_rows_as_a_file(postgres_url: str, tmp_path: Path) -> None:
    order = Order(UNTIL, users=12, days=20, seed=3, home=tmp_path, database_url=postgres_url)
    found = simulate(order)
    beside = simulate(Order(UNTIL, users=12, days=20, seed=3, home=tmp_path / "file"))
    sql = "select cast(id as text), user_id, question, shown, simulated from question_logs"

    async def read(database: Database) -> list[Any]:
        return [
            tuple(row) for row in await database.read(lambda one: one.execute(text(sql)).fetchall())
        ]

    assert found.counts == beside.counts
    kept = rows(beside, sql)
    assert sorted(play(postgres_url, read)) == sorted(
        (*row[:3], bool(row[3]), bool(row[4])) for row in kept
    )


def test_the_command_says_what_it_made_and_how_to_look_at_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    options = ["--users", "8", "--days", "14", "--until", "2026-11-23", "--home", "made"]
    told = CliRunner().invoke(app, ["simulate", *options])
    assert told.exit_code == 0, told.output
    assert "questions" in told.stdout
    assert "TAY_HOME=made TAY_PROMPTS_DIR=made/prompts tay experiments" in told.stdout
    as_json = CliRunner().invoke(app, ["simulate", *options, "--fresh", "--json"])
    said = json.loads(as_json.stdout)
    assert said["simulated"] is True
    assert said["ends_at"] == "2026-11-23T00:00:00+00:00"
    for name, value in said["environment"].items():
        monkeypatch.setenv(name, value)
    looked = CliRunner().invoke(app, ["experiments", "--json"])
    assert looked.exit_code == 0, looked.output
    assert "people who do not exist" in looked.stderr
    assert {one["name"] for one in json.loads(looked.stdout)} >= {"holdout", "mentorship-openings"}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--until", "last week"], "no day"),
        (["--home", "file"], "nothing can be simulated here"),
        (["--prompts-dir", "nowhere"], "nowhere"),
    ],
)
def test_what_cannot_be_simulated_is_said(options: list[str], said: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    found = CliRunner().invoke(app, ["simulate", "--users", "2", "--days", "2", *options])
    assert found.exit_code != 0
    assert said in found.output + str(found.exception)


def test_settings_of_production_are_not_played_with(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A shell that is set up for production must not have its database filled by a bare command."""
    monkeypatch.setenv("TAY_DATABASE_URL", f"sqlite+aiosqlite:///{tmp_path / 'production.db'}")
    monkeypatch.setenv("TAY_REDIS_URL", "redis://127.0.0.1:1/0")
    assert load_settings().database_url is not None
    found = simulate(Order(UNTIL, users=2, days=5, home=tmp_path / "made"))
    assert not (tmp_path / "production.db").exists()
    assert rows(found, "select count(*) from simulations") == [(1,)]
