"""The pages say what the code says: commands, settings, addresses, columns, values, log lines."""

import ast
import re
import shlex
import tomllib
from enum import StrEnum
from functools import cache
from inspect import getclosurevars
from pathlib import Path
from typing import Any, get_args

import pytest
from annotated_types import Ge, Gt, Le
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic_core import PydanticUndefined
from typer.main import get_command

from tay_middleware.cli.main import app
from tay_middleware.domain import Kind, Reason, ReplyStatus, Stage, Strength, Suppression, Tier
from tay_middleware.playbook import load_playbook
from tay_middleware.settings import Settings
from tay_middleware.storage.sql import escalation_logs, question_logs
from tay_middleware.web.app import ROUTERS
from tests.docs.pages import (
    CODE,
    LINES_OF_THE_LOG,
    ROOT,
    TOLD,
    in_lines,
    named,
    spoken,
    table,
)

PACKAGE = ROOT / "tay_middleware"
CALLS = sorted({(named(path), call) for path in TOLD for call in spoken(path)})
BEYOND = {"conduct", "off_topic"}
"""Gates that have no entry in `gates.yaml`."""


@cache
def root() -> Any:
    return get_command(app)


def options_of(call: str) -> tuple[Any, list[str]]:
    """The command that a call names, and the options that it gives."""
    words = shlex.split(call.replace("…", " ").replace("'", "").rstrip(".,:"))
    command, rest = root(), words[1:]
    while rest and hasattr(command, "commands") and not rest[0].startswith("-"):
        name = rest.pop(0)
        assert name in command.commands, call
        command = command.commands[name]
    if words[1] == "eval" and hasattr(command, "commands"):
        command = command.commands["run"]  # its command where none is named
    return command, [word.partition("=")[0] for word in rest if word.startswith("--")]


@pytest.mark.parametrize("page", sorted({page for page, _ in CALLS}))
def test_every_command_that_a_page_names_is_one_and_knows_its_options(page: str) -> None:
    for call in (call for one, call in CALLS if one == page):
        command, given = options_of(call)
        known = {name for one in command.params for name in (*one.opts, *one.secondary_opts)}
        assert set(given) <= known | {"--help"}, call


@pytest.mark.parametrize("path", TOLD, ids=named)
def test_every_variable_that_a_page_names_is_a_setting(path: Path) -> None:
    names = set(re.findall(r"\bTAY_[A-Z_]*[A-Z]\b(?!_?\*)", path.read_text()))
    known = {f"TAY_{name.upper()}" for name in Settings.model_fields}
    assert {name.partition("__")[0] for name in names} <= known


SETTINGS = {
    row[0].strip("`"): row
    for heading in re.findall(r"^## (.+)$", (ROOT / "docs/settings.md").read_text(), re.MULTILINE)
    for row in table("docs/settings.md", heading)
}


def test_the_page_of_settings_has_all_of_them_and_no_others() -> None:
    assert set(SETTINGS) == {f"TAY_{name.upper()}" for name in Settings.model_fields}


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_a_setting_stands_with_its_default_and_its_range(name: str) -> None:
    field = Settings.model_fields[name]
    _, default, values, *_ = SETTINGS[f"TAY_{name.upper()}"]
    if field.default is not None and field.default is not PydanticUndefined:
        assert default == f"`{field.default}`"
    bounds = [f"{sign} {value}" for one in field.metadata for sign, value in bound(one)]
    if bounds:
        assert values == ", ".join(bounds)
    elif choices := choices_of(field.annotation):
        assert CODE.findall(values) == choices


def bound(one: object) -> list[tuple[str, object]]:
    match one:
        case Gt():
            return [(">", one.gt)]
        case Ge():
            return [("≥", one.ge)]
        case Le():
            return [("≤", one.le)]
    return []


def choices_of(kind: Any) -> list[str]:
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return [one.value for one in kind]
    return [one for one in get_args(kind) if isinstance(one, str)]


ROUTES = [
    (method, re.sub(r"{[^}]*}", "{}", route.path))
    for router in ROUTERS
    for route in router.routes
    if isinstance(route, APIRoute)
    for method in route.methods or ()
]
ADDRESS = re.compile(r"(?:(GET|POST|PATCH|PUT|DELETE) )?(/?…?/(?:api/v1|webhooks|r)/\S+|/\w+z)$")


@pytest.mark.parametrize("path", TOLD, ids=named)
def test_every_address_that_a_page_names_is_served(path: Path) -> None:
    for code in {*in_lines(path), *re.findall(r"GET /[^\s`]+", path.read_text())}:
        if found := ADDRESS.match(code):
            method, address = found[1], found[2].partition("?")[0]
            plain = re.sub(r"{[^}]*}|<[^>]*>", "{}", address)
            served = {at for verb, at in ROUTES if method in {None, verb}}
            fits = {
                at for at in served if re.fullmatch(re.escape(at).replace(r"\{\}", ".+"), plain)
            }
            assert fits or plain in served, code


def test_the_table_of_addresses_has_all_of_them_with_their_scopes() -> None:
    told = {
        code: sorted(CODE.findall(row[1]))
        for row in table("docs/sales.md", "Every address")
        for code in CODE.findall(row[0])
    }
    assert told == {
        f"{method} {re.sub(':path}', '}', route.path)}": sorted(scopes_of(route.dependant))
        for router in ROUTERS
        for route in router.routes
        if isinstance(route, APIRoute) and route.include_in_schema
        for method in route.methods or ()
    }


def scopes_of(part: Dependant) -> set[str]:
    """The scopes of which a token needs one."""
    found = {scope for one in part.dependencies for scope in scopes_of(one)}
    if part.call is not None and getattr(part.call, "__qualname__", "").startswith("requires."):
        found |= {str(one) for one in getclosurevars(part.call).nonlocals["scopes"]}
    return found


def test_every_column_of_the_two_logs_is_explained_and_no_other() -> None:
    for name, columns in (("question_logs", question_logs), ("escalation_logs", escalation_logs)):
        rows = table("docs/log.md", f"Columns of `{name}`")
        told = [column for row in rows for column in CODE.findall(row[0])]
        assert sorted(told) == sorted(columns.columns.keys()), name


def test_every_value_of_a_decision_is_explained_in_its_order() -> None:
    def first(heading: str) -> list[str]:
        return [row[0].strip("`") for row in table("docs/log.md", heading)]

    assert first("`suppressed`: why a need was held back") == [one.value for one in Suppression]
    assert first("`kind`: what the user got beside the model's words") == [
        one.value for one in Kind
    ]
    others = {row[0].strip("`"): row[1] for row in table("docs/log.md", "The other words")}
    for column, values in (
        *(("reason", Reason), ("strength", Strength), ("stage", Stage)),
        *(("status", ReplyStatus), ("tier", Tier)),
    ):
        assert {one.value for one in values} <= set(CODE.findall(others[column])), column


def test_every_gate_is_explained_with_the_cause_that_it_is_logged_as() -> None:
    rows = table("docs/log.md", "`gates`: messages on which nothing is mentioned")
    gates = load_playbook().gates.gates
    told = {name: row[2].strip("` ") for row in rows for name in CODE.findall(row[0])}
    assert set(told) == {*gates, *BEYOND}
    assert {name: gates[name].suppression or "" for name in gates} == {
        name: told[name] for name in gates
    }


def test_every_extra_is_explained_and_every_one_that_is_named_is_one() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = set(project["optional-dependencies"])
    rows = table("docs/integrate.md", "What to install")
    assert {name for row in rows for name in CODE.findall(row[0])} == extras
    named_ = re.compile(r"(?:tay-middleware|\.)\[([\w,-]+)\]")
    for path in (*TOLD, *PACKAGE.rglob("*.py")):
        for found in named_.findall(path.read_text()):
            assert set(found.split(",")) <= extras, path


@cache
def said() -> list[str]:
    """Every text of the package, of one line and with its placeholders as `…`."""
    found: list[str] = []
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.append(node.value)
            elif isinstance(node, ast.JoinedStr):
                parts = [one.value if isinstance(one, ast.Constant) else "…" for one in node.values]
                found.append("".join(str(part) for part in parts))
    return [re.sub(r"%[sd]|%\.\df", "…", one) for one in found]


@pytest.mark.parametrize(
    "heading",
    ["Lines of the app's log", "Whoever has just dropped it in", "The terminal and the dashboard"],
)
def test_a_line_that_is_quoted_is_one_that_we_say(heading: str) -> None:
    quoted = [
        code.removeprefix("tay: ")
        for row in table("docs/troubleshooting.md", heading)
        for code in CODE.findall(row[0])
        if " " in code and (not code.startswith("tay ") or code.startswith(LINES_OF_THE_LOG))
    ]
    assert quoted
    for line in quoted:
        pieces = [piece.strip(" ()") for piece in re.split(r"…|\(\w+\)", line)]
        assert any(all(piece in text for piece in pieces) for text in said()), line


def test_every_part_that_fails_open_is_explained() -> None:
    rows = table("docs/troubleshooting.md", "Lines of the app's log")
    told = {name for row in rows for name in CODE.findall(row[0]) if re.fullmatch(r"[a-z]+", name)}
    source = "".join(
        path.read_text()
        for room in ("engine", "langchain")
        for path in (PACKAGE / room).glob("*.py")
    )
    parts = set(re.findall(r"(?:guard|note)(?:\(\"[^\"]*\"\))?\(\"(\w+)\"", source))
    assert told == parts
