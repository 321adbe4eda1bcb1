"""The root command and the one place where an error becomes an exit code.

A command's module is imported when it is called: `tay decide` does not wait for SQLAlchemy, nor
`tay drain` for the statistics. Only `tay --help` looks at all of them.
"""

import sys
from collections import UserDict
from collections.abc import Mapping
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_group

from tay_middleware.errors import TayError
from tay_middleware.settings import strays

FAILED = 1
"""Exit code of a command that could not do what it was asked to (2 is a wrong call)."""

COMMANDS: Mapping[str, str] = {
    "demo": "demo:demo",
    "chat": "chat:chat",
    "decide": "decide:decide",
    "train": "train:train",
    "tune": "tune:tune",
    "drain": "drain:drain",
    "serve": "serve:serve",
    "simulate": "simulate:simulate",
    "metrics": "metrics:metrics",
    "review": "review:review_command",
    "db": "database:app",
    "label": "label:app",
    "playbook": "playbook:app",
    "users": "users:app",
    "eval": "eval:app",
    "tokens": "tokens:app",
    "webhooks": "webhooks:app",
    "conversions": "conversions:app",
    "experiments": "experiments:app",
}
"""What follows `tay`, in the order of its help → module of this package and name in it: a function,
or an app with commands of its own."""


EXTRAS: Mapping[str, str] = {
    **dict.fromkeys(("fastapi", "starlette", "uvicorn", "limits", "httptools", "uvloop"), "web"),
    **dict.fromkeys(("scipy", "sklearn", "matplotlib", "jinja2", "numpy"), "evals"),
}
"""Modules that a plain installation lacks, and the extra that brings them to a command."""


class _OnCall(UserDict[str, Any]):
    """Commands by name, each made when it is looked up."""

    def __getitem__(self, name: str) -> Any:
        module, _, attribute = str(super().__getitem__(name)).partition(":")
        found = getattr(import_module(f"tay_middleware.cli.{module}"), attribute)
        home = typer.Typer(rich_markup_mode="rich")
        if isinstance(found, typer.Typer):
            home.add_typer(found, name=name)
        else:
            home.command(name)(found)
        return get_group(home).commands[name]


class _Commands(TyperGroup):
    """A group whose commands are imported when they are called."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = _OnCall(COMMANDS)


app = typer.Typer(
    name="tay",
    cls=_Commands,
    help="Recommend paid help the way a good mentor does: rarely, in time, in her own voice.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


@app.callback()
def _tay() -> None:
    """A root that only leads on; its help stands above."""
    for name, near in strays():
        meant = f"; {near} is one" if near else ""
        typer.echo(f"tay: {name} is no setting and changes nothing{meant}", err=True)


def main() -> None:
    """Run `tay` and leave with its exit code."""
    try:
        app()
    except TayError as error:
        typer.echo(f"tay: {error}", err=True)
        sys.exit(FAILED)
    except ModuleNotFoundError as error:
        extra = EXTRAS.get((error.name or "").partition(".")[0])
        if extra is None:
            raise
        needs = f"{error.name} is not installed: pip install 'tay-middleware[{extra}]'"
        typer.echo(f"tay: {needs}", err=True)
        sys.exit(FAILED)
    except BrokenPipeError:
        # The reader has left (`tay decide … | head`): end quietly, as a filter should.
        sys.stderr.close()
        sys.exit(FAILED)
