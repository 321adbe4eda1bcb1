"""`tay webhooks`: the inbox of payment deliveries."""

import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID, uuid4

import typer

from tay_middleware.cli.asking import ask, existing, tell
from tay_middleware.cli.noting import noted
from tay_middleware.cli.refused import say_turned_away
from tay_middleware.errors import InputError
from tay_middleware.settings import load_settings
from tay_middleware.storage.desk import turned_away
from tay_middleware.storage.desk.turned_away import TOKENS, Told
from tay_middleware.storage.payments import inbox as sql
from tay_middleware.storage.transaction import Transaction
from tay_middleware.web.turned_away import TOLD_FOR

app = typer.Typer(
    help="Look into the inbox of payments, replay it, and work it off.", no_args_is_help=True
)


@app.command("list")
def list_command(
    state: Annotated[sql.State | None, typer.Option(help="only those in this state")] = None,
    provider: Annotated[str | None, typer.Option(help="only those of this provider")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="at most so many")] = 50,
) -> None:
    """List deliveries, newest first: id, time, provider, type, attempts, what became of it.

    What was refused in the last week is no delivery; how many there were is said on stderr.
    """
    since = datetime.now(UTC) - TOLD_FOR
    rows, refused = ask(
        load_settings(), _listed, since, state=state, provider=provider, limit=limit
    )
    for row in rows:
        typer.echo(
            f"{row.id}  {row.received_at:%Y-%m-%d %H:%M:%S}  {row.provider}  {row.kind}  "
            f"{row.attempts}  {_fate(row)}"
        )
    if not rows:
        typer.echo("no delivery yet" if state is None and provider is None else "none")
    say_turned_away(one for one in refused if one.sender != TOKENS)


def _listed(
    transaction: Transaction, /, since: datetime, **which: Any
) -> tuple[Sequence[Any], list[Told]]:
    return sql.page(transaction, **which), turned_away.told(transaction, since)


@app.command("show")
def show_command(delivery_id: Annotated[UUID, typer.Argument(help="id of a delivery")]) -> None:
    """Print one delivery as JSON, as it came."""
    row = tell(load_settings(), _noted_one, delivery_id)
    if row is None:
        raise InputError("no delivery has this id")
    shown = {name: _plain(value) for name, value in row._mapping.items()}  # noqa: SLF001 - SQLAlchemy's own
    typer.echo(json.dumps(shown, ensure_ascii=False, indent=2))


def _noted_one(transaction: Transaction, delivery_id: UUID) -> Any:
    row = sql.one(transaction, delivery_id)
    if row is not None:
        noted(transaction, "export", delivery_id)
    return row


@app.command("replay")
def replay_command(
    delivery_id: Annotated[UUID | None, typer.Argument(help="id of a delivery")] = None,
    dead: Annotated[bool, typer.Option("--dead", help="all that were given up")] = False,
    other_mode: Annotated[
        bool,
        typer.Option("--other-mode", help="all that were put aside: test ones while live, or live"),
    ] = False,
) -> None:
    """Let deliveries be handled again; what they said once they do not say twice.

    With --other-mode those that TAY_PAYMENT_MODE put aside: after it was changed, they count.
    """
    if sum((delivery_id is not None, dead, other_mode)) != 1:
        raise InputError("give the id of a delivery, or --dead, or --other-mode")
    chosen = sql.dead_ids if dead else sql.put_aside
    ids = None if delivery_id is None else [delivery_id]
    count = tell(load_settings(), _due_again, ids, chosen, datetime.now(UTC))
    if not count and delivery_id is not None:
        raise InputError("no delivery has this id, or its words are past their retention")
    typer.echo(f"{count} {'delivery' if count == 1 else 'deliveries'} will be handled again")


@app.command("send")
def send_command(
    to: Annotated[str, typer.Option(help="the address, …/webhooks/payment/standard")],
    timeout: Annotated[float, typer.Option(min=0.1, help="seconds to wait for an answer")] = 10,
) -> None:
    """Sign a small sale with the secret of `standard`, post it, print status and answer.

    The sale says that it is a test, so it counts nowhere but with TAY_PAYMENT_MODE=test.
    """
    from tay_middleware.cli.trying import deliver  # noqa: PLC0415 - not for a mere list

    status, answer = deliver(load_settings(), to, datetime.now(UTC), uuid4(), timeout)
    typer.echo(f"{status} {answer}")
    if status >= HTTPStatus.BAD_REQUEST:
        raise typer.Exit(1)


@app.command("work")
def work_command(
    once: Annotated[
        bool, typer.Option("--once", help="end when nothing is due, for cron and tests")
    ] = False,
) -> None:
    """Handle the inbox, as `tay serve` does by itself; run as many as you like.

    Ends after the batch under way on SIGTERM or Ctrl-C. Prints what it did.
    """
    from tay_middleware.payments.working import run_inbox  # noqa: PLC0415 - not for a mere list

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    settings = load_settings()
    existing(settings)
    settings.user_key_bytes(makes=False)
    typer.echo(json.dumps(asdict(run_inbox(settings, once=once))))


def _due_again(
    transaction: Transaction,
    ids: Sequence[UUID] | None,
    chosen: Callable[[Transaction], Sequence[UUID]],
    now: datetime,
) -> int:
    count = sql.set_due(transaction, chosen(transaction) if ids is None else ids, now)
    if count:
        noted(transaction, "replay", ids[0] if ids else None, deliveries=count)
    return count


def _fate(row: Any) -> str:
    if row.dead_at is not None:
        return f"given up: {row.error}"
    if row.handled_at is not None:
        return str(row.outcome)
    return f"waiting: {row.error}" if row.error else "waiting"


def _plain(value: object) -> object:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, datetime):
        return value.isoformat()
    return value if isinstance(value, str | int | dict | None) else str(value)
