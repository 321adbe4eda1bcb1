import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tay_middleware.settings import load_settings
from tests.commands import Tay
from tests.databases import migrated

WORDING = "mentorship.gentle.any.B"


@pytest.fixture(autouse=True)
def _an_empty_log(tmp_path: Path) -> None:
    """Commands that look into a log begin none."""
    migrated(f"sqlite+aiosqlite:///{tmp_path / '.tay' / 'tay.db'}")


def test_all_tests_are_listed_with_their_verdicts(tay: Tay) -> None:
    made = tay("experiments")
    assert made.returncode == 0
    assert "mentorship-openings" in made.stdout
    assert "a draft: write its first day into experiments.yaml" in made.stdout
    one, tiers = json.loads(tay("experiments", "--json").stdout)
    assert (tiers["name"], tiers["state"]) == ("tier-wordings", "draft")
    assert (one["name"], one["call"], one["planned"]) == (
        "mentorship-openings",
        "keep_collecting",
        9_527,
    )


def test_one_is_shown_in_full(tay: Tay) -> None:
    made = tay("experiments", "show", "mentorship-openings")
    assert "Which of the three openings" in made.stdout
    assert "A (control)" in made.stdout
    assert "too little data" in made.stdout
    assert json.loads(tay("experiments", "show", "mentorship-openings", "--json").stdout)["arms"]


def test_one_that_there_is_not_is_an_error(tay: Tay) -> None:
    made = tay("experiments", "show", "another")
    assert made.returncode == 1
    assert made.stderr == "tay: no experiment of the playbook is called 'another'\n"
    held = tay("experiments", "show", "holdout")
    assert held.stderr == "tay: there is no holdout: its share in policy.yaml is 0\n"


def test_a_plan_says_how_many_and_how_long(tay: Tay) -> None:
    made = tay("experiments", "plan", "--baseline", "5%", "--lift", "50%", "--per-day", "40")
    assert made.stdout == (
        "5 % against 7.5 %, a lift of 50%\n"
        "users: 5,622 (2,811 + 2,811), looked at as often as you like\n"
        "read once, at the end, never before: 2,915\n"
        "without any difference it may go on to 13,782\n"
        "with 40 new users a day who get a mention: 141 days, and 14 more until the last one's "
        "window is over\n"
    )
    held = tay("experiments", "plan", "--baseline", "0.02", "--holdout", "20 %", "--json")
    assert json.loads(held.stdout)["read_once"] == 11_839


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--lift", "much"], "'much' is no share: write 5% or 0.05"),
        (["--baseline", "70%"], "both rates must lie between 0 and 1, and differ"),
        (["--holdout", "0"], "two arms or more, and each with a share above 0"),
    ],
)
def test_what_cannot_be_planned_is_said(tay: Tay, options: list[str], says: str) -> None:
    made = tay("experiments", "plan", *options)
    assert (made.returncode, made.stderr) == (1, f"tay: {says}\n")


def test_a_wording_is_paused_and_switched_on_again_with_a_trail(tay: Tay) -> None:
    assert tay("experiments", "pauses").stdout == "nothing was ever paused\n"
    pause = ("experiments", "pause", WORDING, "--reason", "reads odd")
    assert tay(*pause).stdout == f"{WORDING} is paused\n"
    assert tay(*pause).stdout == f"{WORDING} was paused already\n"
    resume = ("experiments", "resume", WORDING, "--note", "mended")
    assert tay(*resume).stdout == f"{WORDING} is switched on again\n"
    again = tay(*resume)
    assert (again.returncode, again.stderr) == (1, f"tay: '{WORDING}' is not paused\n")
    (trail,) = json.loads(tay("experiments", "pauses", "--json").stdout)
    assert (trail["name"], trail["reason"], trail["note"]) == (WORDING, "reads odd", "mended")
    assert trail["paused_by"].startswith("cli")
    assert "mended" in tay("experiments", "pauses").stdout


def test_a_pause_with_an_end_says_when_it_ends(tay: Tay) -> None:
    pause = ("experiments", "pause", "course", "--reason", "sold out", "--until")
    made = tay(*pause, "2 months")
    assert made.returncode == 1
    assert made.stderr.startswith("tay: --until: '2 months' is no end: say a time (")
    assert tay(*pause, "3 days").stdout.startswith("course is paused until 20")
    (trail,) = json.loads(tay("experiments", "pauses", "--json").stdout)
    long = datetime.fromisoformat(trail["until"]) - datetime.fromisoformat(trail["paused_at"])
    assert (long, trail["lifted_at"]) == (timedelta(days=3), None)
    assert trail["until"][:16] in tay("experiments", "pauses").stdout


def test_only_what_there_is_can_be_paused(tay: Tay) -> None:
    made = tay("experiments", "pause", "mentor", "--reason", "odd")
    assert made.returncode == 1
    assert "no offer and no wording" in made.stderr


def test_a_pause_that_no_chat_can_be_told_of_is_written_and_says_so(
    tay: Tay, tmp_path: Path
) -> None:
    there = {
        "TAY_REDIS_URL": f"unix://{tmp_path}/away.sock",
        "TAY_DATABASE_URL": f"sqlite+aiosqlite:///{tmp_path}/.tay/tay.db",
        "TAY_USER_KEY_SECRET": "x" * 40,
    }
    made = tay("experiments", "pause", WORDING, "--reason", "reads odd", **there)
    assert (made.returncode, made.stdout) == (1, "")
    assert f"it is written that {WORDING} is paused, and no chat knows of it yet" in made.stderr
    (trail,) = json.loads(tay("experiments", "pauses", "--json").stdout)
    assert (trail["name"], trail["lifted_at"]) == (WORDING, None)


def test_the_guard_has_nothing_to_look_at_in_an_empty_log(tay: Tay) -> None:
    assert tay("experiments", "guard").stdout == "nothing to look at\n"


def test_the_guard_shows_how_mentions_were_taken(tay: Tay, tmp_path: Path) -> None:
    from tay_middleware.engine import Escalator, Reply  # noqa: PLC0415 - of this test alone

    engine: Any = Escalator.from_settings(
        load_settings(grace_seconds=10, recall_timeout_seconds=10)
    )
    turn = engine.turn(
        question="Can you review my pricing structure and tell me what's wrong?",
        user_id="ada",
        session_id="s",
    )
    engine.begin(turn).settle(Reply("Start with one honest hour, and divide what is left by it."))
    assert engine.flush(10)
    engine.close()
    made = tay("experiments", "guard").stdout.splitlines()
    assert any(line.split()[:4] == ["mentorship", "1", "0", "0.0%"] for line in made)
