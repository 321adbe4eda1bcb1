"""The root command and the one place where an error becomes an exit code."""

import sys

import typer

from tay_middleware.cli import (
    chat,
    conversions,
    database,
    decide,
    demo,
    drain,
    experiments,
    label,
    metrics,
    playbook,
    review,
    serve,
    simulate,
    tokens,
    train,
    tune,
    users,
    webhooks,
)
from tay_middleware.cli import eval as eval_
from tay_middleware.errors import TayError

FAILED = 1
"""Exit code of a command that could not do what it was asked to (2 is a wrong call)."""

app = typer.Typer(
    name="tay",
    help="Recommend paid help the way a good mentor does: rarely, in time, in her own voice.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.command("demo")(demo.demo)
app.command("chat")(chat.chat)
app.command("decide")(decide.decide)
app.command("train")(train.train)
app.command("tune")(tune.tune)
app.command("drain")(drain.drain)
app.command("serve")(serve.serve)
app.command("simulate")(simulate.simulate)
app.command("metrics")(metrics.metrics)
app.command("review")(review.review_command)
app.add_typer(database.app, name="db")
app.add_typer(label.app, name="label")
app.add_typer(playbook.app, name="playbook")
app.add_typer(users.app, name="users")
app.add_typer(eval_.app, name="eval")
app.add_typer(tokens.app, name="tokens")
app.add_typer(webhooks.app, name="webhooks")
app.add_typer(conversions.app, name="conversions")
app.add_typer(experiments.app, name="experiments")


def main() -> None:
    """Run `tay` and leave with its exit code."""
    try:
        app()
    except TayError as error:
        typer.echo(f"tay: {error}", err=True)
        sys.exit(FAILED)
    except BrokenPipeError:
        # The reader has left (`tay decide … | head`): end quietly, as a filter should.
        sys.stderr.close()
        sys.exit(FAILED)
