"""What every reader of JSON Lines has in common, held against each of them."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tay_middleware.cli.main import app
from tay_middleware.errors import ConfigurationError, InputError
from tay_middleware.evals.agreement import read_second_labels
from tay_middleware.evals.conversations import read_conversations
from tay_middleware.evals.injections import read_injections
from tay_middleware.evals.rows import read_rows

from .builders import a_line

TURN = {"question": "q", "reply": "r", "expected": {"detected": False, "shown": False}}
TALK = {"id": "c", "sessions": [{"days_ago": 1, "turns": [TURN]}]}
SECOND = {"id": "1", "escalate": True, "offer": "course"}
INJECTION = {"id": "1", "plain": "p", "question": "q"}

READERS = [
    pytest.param(read_rows, a_line("q", None), id="rows"),
    pytest.param(read_second_labels, SECOND, id="second labels"),
    pytest.param(read_conversations, TALK, id="conversations"),
    pytest.param(read_injections, INJECTION, id="injections"),
]
Reader = Callable[[Path], object]
BREAKS = "one\u2028two\u2029three\u0085four"
"""Where `str.splitlines` breaks and JSON Lines do not."""


@pytest.mark.parametrize(("read", "line"), READERS)
def test_a_line_ends_at_a_line_feed_alone_and_a_byte_order_mark_is_passed_over(
    tmp_path: Path, read: Reader, line: dict[str, object]
) -> None:
    path = tmp_path / "f.jsonl"
    plain = json.dumps(line)
    path.write_text(plain + "\n")
    expected = read(path)
    odd = json.dumps({**line, "unread": BREAKS}, ensure_ascii=False)
    path.write_bytes(b"\xef\xbb\xbf" + odd.encode() + b"\r\n\r\n")
    assert read(path) == expected


@pytest.mark.parametrize(("read", "line"), READERS)
@pytest.mark.parametrize("bad", ["3", "[1]", "{", "[" * 100_000, '"\\ud83d"', '{"id": [1]}'])
def test_a_line_of_another_shape_is_refused_by_its_number(
    tmp_path: Path, read: Reader, line: dict[str, object], bad: str
) -> None:
    path = tmp_path / "f.jsonl"
    path.write_text(f"{json.dumps(line)}\n\n{bad}\n")
    with pytest.raises(ConfigurationError, match=r"f\.jsonl:3: "):
        read(path)


@pytest.mark.parametrize(("read", "line"), READERS)
@pytest.mark.parametrize(
    ("encoding", "at", "told"),
    [("latin-1", 3, "is not UTF-8"), ("utf-16", 1, "UTF-16"), ("utf-16-le", 1, "UTF-16")],
)
def test_a_line_that_is_not_utf8_is_named_with_the_mend(
    tmp_path: Path, read: Reader, line: dict[str, object], encoding: str, at: int, told: str
) -> None:
    path = tmp_path / "f.jsonl"
    odd = json.dumps({**line, "unread": "café"}, ensure_ascii=False)
    path.write_bytes(f"{json.dumps(line)}\n\n{odd}\n".encode(encoding))
    with pytest.raises(ConfigurationError, match=rf"f\.jsonl:{at}: .*save it as UTF-8") as refusal:
        read(path)
    assert told in str(refusal.value)


@pytest.mark.parametrize(("read", "line"), READERS)
@pytest.mark.parametrize("indent", [None, 1])
def test_a_list_of_objects_is_told_to_be_one_object_a_line(
    tmp_path: Path, read: Reader, line: dict[str, object], indent: int | None
) -> None:
    path = tmp_path / "f.jsonl"
    path.write_text(json.dumps([line], indent=indent))
    with pytest.raises(ConfigurationError, match=r"f\.jsonl:1: .*one object a line, no \[ \]"):
        read(path)


@pytest.mark.parametrize(("read", "line"), READERS)
def test_an_object_over_several_lines_is_told_to_be_on_one(
    tmp_path: Path, read: Reader, line: dict[str, object]
) -> None:
    path = tmp_path / "f.jsonl"
    path.write_text(json.dumps(line, indent=1))
    with pytest.raises(ConfigurationError, match=r"f\.jsonl:1: .*from \{ to \}"):
        read(path)


def test_an_import_names_the_file_and_the_line_of_a_bad_label(tmp_path: Path) -> None:
    given = tmp_path / "given.jsonl"
    given.write_text('{"id": 1, "question": "q", "escalate": true, "offer": "retreat"}\n')
    told = CliRunner().invoke(app, ["label", "import", str(given), "--into", "own.jsonl"])
    assert isinstance(told.exception, InputError)
    assert f"{given}:1: offer: is one of " in str(told.exception)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ('{"question": "café"}'.encode("latin-1"), "is not UTF-8: save it as UTF-8"),
        ('{"question": "q"}'.encode("utf-16"), "is UTF-16, it seems: save it as UTF-8"),
        (b'[{"question": "q"}]', "one object a line, no [ ] around them"),
        (b"[", "one object a line, no [ ] around them"),
    ],
)
def test_decide_says_what_to_do_with_a_line_that_it_cannot_read(given: bytes, told: str) -> None:
    answer = CliRunner().invoke(app, ["decide", "--until", "keywords", "-"], input=given)
    assert answer.exit_code == 1
    row = json.loads(answer.stdout)
    assert (row["id"], row["line"]) == (None, 1)
    assert told in row["error"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("slices", 5),
        ("slices", "typo"),
        ("owned_offers", 7),
        ("owned_offers", "course"),
        ("offer", ["course"]),
        ("family", [1]),
        ("escalate", 1),
        ("tier", 5),
        ("history", [{"role": "user", "content": 1}]),
    ],
)
def test_a_field_of_another_kind_is_refused_by_its_name(
    tmp_path: Path, field: str, value: object
) -> None:
    path = tmp_path / "f.jsonl"
    path.write_text(json.dumps({**a_line("q", "course"), field: value}))
    with pytest.raises(ConfigurationError, match=rf"f\.jsonl:1: {field}"):
        read_rows(path)


def test_a_row_that_is_numbered_0_keeps_its_number(tmp_path: Path) -> None:
    path = tmp_path / "f.jsonl"
    path.write_text(json.dumps({"id": 0, "author": 0, "question": "q", "escalate": False}))
    assert [(row.id, row.author, row.family) for row in read_rows(path)] == [("0", "0", "0:0")]


def test_a_log_that_nobody_has_written_to_exports_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAY_HOME", str(tmp_path / "fresh"))
    assert CliRunner().invoke(app, ["db", "upgrade"]).exit_code == 0
    told = CliRunner().invoke(app, ["label", "export"])
    assert (told.exit_code, told.stdout) == (0, ""), told.output
