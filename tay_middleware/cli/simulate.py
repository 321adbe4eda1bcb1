"""`tay simulate`: a made-up stretch of time in a database of its own."""

from typing import Annotated

import typer
from rich.progress import Progress

from tay_middleware.settings import load_settings


def simulate(
    users: Annotated[int, typer.Option(min=1, max=100_000, help="how many people")] = 1000,
    days: Annotated[int, typer.Option(min=1, max=365, help="how long, up to now")] = 30,
    seed: Annotated[int, typer.Option(help="the same seed gives the same people")] = 7,
) -> None:
    """Fill an empty embedded database with made-up people, their questions and purchases.

    Everything goes through the real engine and the real inbox of payments. All of it says that it
    is simulated, wherever it is shown. A copy of the playbook with the holdout and the first test
    switched on lies in TAY_HOME/prompts.

    Try: TAY_HOME=.demo tay simulate --users 400
    """
    from tay_middleware.simulate import simulate as run  # noqa: PLC0415 - not for `tay --help`

    settings = load_settings()
    with Progress(transient=True) as progress:
        task = progress.add_task("asking", total=None)
        made = run(
            settings,
            users=users,
            days=days,
            seed=seed,
            tell=lambda done, total: progress.update(task, completed=done, total=total),
        )
    typer.echo(
        f"simulated: {made.questions:,} questions, {made.mentions:,} mentions, "
        f"{made.sales:,} sales in {settings.home}"
    )
    typer.echo(f"its playbook, with tests switched on: {made.playbook}")
