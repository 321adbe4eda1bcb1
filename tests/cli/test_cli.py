import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tay_middleware.cli.main import COMMANDS, app
from tay_middleware.playbook import shipped
from tay_middleware.storage.migrations import HEAD
from tests.commands import Tay

TAY = Path(sys.executable).with_name("tay")

Decided = Callable[..., tuple[int, list[dict[str, Any]]]]

GOOD = {"id": "1", "question": "Can you review my pricing structure and tell me whats wrong?"}
SMALL = {"id": "2", "question": "how do i pluck a hairline"}
NAIVE = {"id": "3", "question": "our customer service is completely swamped lol"}


@pytest.fixture
def decided(tay: Tay) -> Decided:
    """Runs `tay decide` on what is given: the exit code, and the answers."""

    def run(given: str | bytes, *arguments: str) -> tuple[int, list[dict[str, Any]]]:
        made = tay("decide", *arguments, "-", given=given)
        assert made.stderr == ""
        return made.returncode, [json.loads(line) for line in made.stdout.splitlines()]

    return run


def test_a_command_whose_extra_is_missing_names_it(
    tay: Tay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [one for one in sys.modules if one.startswith("tay_middleware.simulate")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delitem(sys.modules, "tay_middleware.web.app", raising=False)
    monkeypatch.setitem(sys.modules, "fastapi", None)
    made = tay("simulate", "--users", "1", "--home", str(tmp_path / "home"))
    assert made.returncode == 1
    assert made.stderr == "tay: fastapi is not installed: pip install 'tay-middleware[web]'\n"


def lines(*rows: object) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def test_the_three_questions_of_the_issue(decided: Decided) -> None:
    code, rows = decided(lines(GOOD, SMALL, NAIVE))
    assert code == 0
    assert [(row["id"], row["detected"], row["offer"]) for row in rows] == [
        ("1", True, "mentorship"),
        ("2", False, None),
        ("3", False, None),
    ]
    assert rows[0]["indicators"]
    assert rows[0]["stage"] == "model"
    assert 0 < float(str(rows[0]["confidence"])) < 1


def test_the_keyword_stage_alone_computes_no_probability(decided: Decided) -> None:
    _, (row,) = decided(lines(GOOD), "--until", "keywords")
    assert (row["detected"], row["stage"], row["confidence"]) == (True, "keywords", None)


def test_every_named_field_is_there(decided: Decided) -> None:
    _, (row,) = decided(lines(GOOD))
    assert {
        *("id", "detected", "suppressed", "offer", "reason", "strength", "confidence"),
        *("stage", "gates", "scores", "indicators"),
    } <= set(row)


def test_a_bad_line_is_answered_in_its_place_and_fails_the_run(decided: Decided) -> None:
    given = lines(GOOD) + "{oops\n" + lines({"id": 3}, {"id": 4, "question": 5}, "text", SMALL)
    code, rows = decided(given)
    assert code == 1
    assert [row["id"] for row in rows] == ["1", None, None, None, None, "2"]
    assert [row.get("line") for row in rows] == [None, 2, 3, 4, 5, None]
    assert rows[2]["error"] == "question: Field required"
    assert rows[3]["error"] == "question: Input should be a valid string"


def test_bytes_that_are_no_text_are_answered_too(decided: Decided) -> None:
    code, rows = decided(b'{"id":1,"question":"caf\xe9"}\n' + lines(SMALL).encode())
    assert code == 1
    assert [row["id"] for row in rows] == [None, "2"]
    assert "UTF-8" in str(rows[0]["error"]) or "unicode" in str(rows[0]["error"]).lower()


def test_a_byte_order_mark_and_blank_lines_do_no_harm(decided: Decided) -> None:
    code, rows = decided(b"\xef\xbb\xbf" + lines(GOOD).encode() + b"\n  \n" + lines(SMALL).encode())
    assert (code, [row["id"] for row in rows]) == (0, ["1", "2"])


def test_ids_come_back_as_they_are_and_unknown_fields_are_not_read(decided: Decided) -> None:
    row = {**GOOD, "id": 17, "escalate": True, "offer": "course", "anything": {"deep": [1]}}
    _, (answer,) = decided(lines(row))
    assert (answer["id"], answer["offer"]) == (17, "mentorship")


def test_an_owned_offer_is_suppressed_and_still_detected(decided: Decided) -> None:
    _, (row,) = decided(lines({**GOOD, "owned_offers": ["mentorship"]}))
    assert (row["detected"], row["suppressed"]) == (True, "owns_offer")


def test_a_no_earlier_in_the_history_is_heard(decided: Decided) -> None:
    history = [
        {"role": "user", "content": "no thanks, I'm not interested in any of your programs"},
        {"role": "assistant", "content": "That's fine."},
    ]
    _, (row,) = decided(lines({**GOOD, "history": history}))
    assert row["suppressed"] == "declined"


def test_rows_know_nothing_of_each_other(decided: Decided) -> None:
    _, rows = decided(lines(*[GOOD] * 5))
    assert [row["suppressed"] for row in rows] == [None] * 5


@pytest.mark.parametrize(
    "question",
    [
        "",
        "😭" * 1000,
        "مرحبا كيف أسعر خدماتي",
        "\u202e\u200b\x00",
        "a" * 100_000,
        "review my pricing " * 5000,
    ],
)
def test_any_text_is_answered(decided: Decided, question: str) -> None:
    code, (row,) = decided(lines({"id": 1, "question": question}))
    assert (code, row["id"]) == (0, 1)


def test_it_says_what_would_have_flipped_it(decided: Decided) -> None:
    _, (shown, plain) = decided(lines(GOOD, SMALL), "--explain", "--until", "keywords")
    assert "it might not show" in str(shown["flips"])
    assert "threshold" in str(plain["flips"])
    _, (shown, plain) = decided(lines(GOOD, SMALL), "--explain", "--until", "scorer")
    assert "probability" in str(shown["flips"])
    assert "policy.yaml asks for" in str(plain["flips"])


def test_it_says_which_words_closed_a_gate_and_nothing_that_would_not_help(
    decided: Decided,
) -> None:
    question = "Can you review my pricing? Actually no, the Mentorship is not for me."
    _, (row,) = decided(lines({"id": 1, "question": question}), "--explain", "--until", "keywords")
    assert row["suppressed"] == "declined"
    told = [
        (words["gate"], words["phrase"], question[words["start"] : words["end"]].lower())
        for words in row["closed_by"]
    ]
    assert told
    assert all((gate, phrase) == ("refusal", typed) for gate, phrase, typed in told)
    (flip,) = row["flips"]
    assert flip.startswith("without refusal (")
    assert repr(told[0][1]) in flip


@pytest.mark.parametrize("until", ["keywords", "scorer", "encoder", "llm"])
def test_the_cascade_can_be_stopped_at_every_stage(decided: Decided, until: str) -> None:
    assert decided(lines(GOOD), "--until", until)[1][0]["detected"] is True


def test_a_file_is_read_and_a_missing_one_is_named(tay: Tay, tmp_path: Path) -> None:
    (tmp_path / "q.jsonl").write_text(lines(GOOD))
    assert json.loads(tay("decide", str(tmp_path / "q.jsonl")).stdout)["id"] == "1"
    run = tay("decide", str(tmp_path / "none.jsonl"))
    assert run.returncode == 1
    missing = tmp_path / "none.jsonl"
    assert run.stderr == f"tay: {missing}: cannot be read: No such file or directory\n"


def test_a_sound_playbook_is_said_to_be_sound(tay: Tay) -> None:
    run = tay("playbook", "check")
    assert run.returncode == 0
    assert run.stdout.startswith("the playbook is sound: 3 offers")


def test_all_problems_of_a_playbook_are_printed(tay: Tay, tmp_path: Path) -> None:
    for path in shipped().rglob("*"):
        if path.is_file():
            copy = tmp_path / path.relative_to(shipped())
            copy.parent.mkdir(exist_ok=True)
            copy.write_text(path.read_text().replace("declined_days: 14", "declined_dayz: 14"))
    (tmp_path / "topics.yaml").unlink()
    for run in (
        tay("playbook", "check", str(tmp_path)),
        tay("playbook", "check", TAY_PROMPTS_DIR=str(tmp_path)),
    ):
        assert run.returncode == 1
        assert "the playbook has 2 problems:" in run.stderr
        assert "topics.yaml: the file is missing" in run.stderr
        assert "declined_dayz: unknown key: did you mean 'declined_days'?" in run.stderr
        assert "Traceback" not in run.stderr


def test_the_schema_is_upgraded_and_told(tay: Tay, tmp_path: Path) -> None:
    assert tay("db", "current").stdout == "none\n"
    assert tay("db", "upgrade").stdout == f"the schema is at {HEAD}\n"
    assert tay("db", "current").stdout == f"{HEAD}\n"
    assert (tmp_path / ".tay" / "tay.db").is_file()


def test_a_wrong_setting_is_one_plain_line(tay: Tay, tmp_path: Path) -> None:
    run = tay("db", "current", TAY_GRACE_SECONDS="soon")
    assert run.returncode == 1
    assert "TAY_GRACE_SECONDS: Input should be a valid number" in run.stderr
    assert "Traceback" not in run.stderr


def test_a_wrong_url_is_one_plain_line(tay: Tay, tmp_path: Path) -> None:
    run = tay("db", "upgrade", TAY_DATABASE_URL="mysql://me:secret@host/db")
    assert run.returncode == 1
    assert "this database is not supported" in run.stderr
    assert "secret" not in run.stderr


@pytest.mark.parametrize(
    "command", ["", "demo", "chat", "decide", "playbook check", "db upgrade", "db current"]
)
def test_every_command_teaches_itself(tay: Tay, command: str) -> None:
    run = tay(*command.split(), "--help")
    assert run.returncode == 0
    assert "Usage" in run.stdout
    assert len(run.stdout.splitlines()) > 6


def test_a_chat_is_answered_and_logged(tay: Tay, tmp_path: Path) -> None:
    given = f"{GOOD['question']}\n{SMALL['question']}\n/quit\n"
    run = tay("chat", "--user", "me", "--tier", "vip", given=given)
    assert run.returncode == 0
    assert "the answers are scripted lines" in run.stdout
    assert "= shown | offer mentorship" in run.stdout
    assert run.stdout.count("tay>") == 2


def test_a_model_that_is_none_is_named(tay: Tay, tmp_path: Path) -> None:
    run = tay("chat", "--model", "nobody:nothing")
    assert run.returncode == 1
    assert "the model 'nobody:nothing' cannot be set up" in run.stderr
    assert "Traceback" not in run.stderr


def test_a_reader_that_leaves_ends_the_filter_quietly() -> None:
    writer = f"{TAY} decide - | head -n 1"
    run = subprocess.run(
        ["bash", "-c", writer],
        input=lines(*[GOOD] * 3000).encode(),
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert run.stdout.count(b"\n") == 1
    assert b"Traceback" not in run.stderr


@pytest.mark.parametrize(
    ("command", "heavy"), [("decide", "sqlalchemy"), ("playbook", "sqlalchemy"), ("serve", "scipy")]
)
def test_a_command_imports_what_it_needs_and_no_more(command: str, heavy: str) -> None:
    code = f"""
import sys
from tay_middleware.cli.main import app
try:
    app([{command!r}, "--help"])
except SystemExit:
    pass
print({heavy!r} in sys.modules, "tay_middleware.cli.review" in sys.modules)
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.splitlines()[-1] == "False False"


def test_the_help_names_every_command_and_a_slip_is_answered_with_the_nearest(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        app(["--help"])
    said = capsys.readouterr().out
    assert [name for name in COMMANDS if f" {name} " not in said] == []
    with pytest.raises(SystemExit) as left:
        app(["decid"])
    assert left.value.code == 2
    assert "Did you mean 'decide'?" in capsys.readouterr().err


def test_it_runs_as_a_module_where_its_script_is_not_on_the_path() -> None:
    command = [sys.executable, "-m", "tay_middleware", "--help"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "python -m tay_middleware [OPTIONS] COMMAND" in said
