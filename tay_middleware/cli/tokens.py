"""`tay tokens`: who may use the admin API."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from tay_middleware.cli.asking import ask, begun, tell
from tay_middleware.cli.noting import noted
from tay_middleware.cli.refused import say_turned_away
from tay_middleware.errors import InputError
from tay_middleware.settings import MOST_DAYS, load_settings
from tay_middleware.storage.desk import tokens as sql
from tay_middleware.storage.desk import turned_away
from tay_middleware.storage.desk.turned_away import TOKENS, Told
from tay_middleware.storage.transaction import Transaction
from tay_middleware.web.tokens import make_token
from tay_middleware.web.turned_away import TOLD_FOR

app = typer.Typer(help="Make, list and revoke admin tokens.", no_args_is_help=True)


@app.command("create")
def create_command(
    scope: Annotated[list[sql.Scope], typer.Option(help="what it opens; repeat for several")],
    name: Annotated[str, typer.Option(help="whose it is, for people")] = "",
    days: Annotated[
        int | None,
        typer.Option(
            min=1, max=MOST_DAYS, help="how long it is good; default: until it is revoked"
        ),
    ] = None,
) -> None:
    """Make a token and print it once, alone on its line; only a hash of it is kept.

    Several are good at once: to change one, make the new one first and revoke the old one after.
    """
    made = make_token(
        name,
        scope,
        now=datetime.now(UTC),
        lifetime=timedelta(days=days) if days else None,
    )
    settings = load_settings()
    begun(settings)  # a token comes before the first `tay serve`
    tell(settings, _add, made.row)
    typer.echo(made.token)


@app.command("list")
def list_command() -> None:
    """List tokens, oldest first: id, scopes, state, last use, name.

    How many requests of the last week had none that opens is said on stderr.
    """
    now = datetime.now(UTC)
    rows, refused = ask(load_settings(), _listed, now - TOLD_FOR)
    if not rows:
        typer.echo("no token yet: tay tokens create --scope read --scope write")
    for row in rows:
        used = row.last_used_at.strftime("%Y-%m-%d") if row.last_used_at else "never used"
        typer.echo(f"{row.id}  {','.join(row.scopes)}  {_state(row, now)}  {used}  {row.name}")
    say_turned_away(one for one in refused if one.sender == TOKENS)


def _listed(transaction: Transaction, since: datetime) -> tuple[Sequence[Any], list[Told]]:
    return sql.every(transaction), turned_away.told(transaction, since)


@app.command("revoke")
def revoke_command(token: Annotated[str, typer.Argument(help="a token or its id")]) -> None:
    """Make a token worthless from now on."""
    token_id = token.removeprefix("tay_").partition("_")[0]
    if not tell(load_settings(), _revoke, token_id, datetime.now(UTC)):
        raise InputError("no valid token has this id")
    typer.echo(f"revoked {token_id}")


def _add(transaction: Transaction, row: Mapping[str, Any]) -> None:
    sql.add(transaction, row)
    noted(transaction, "create_token", row["id"], scopes=row["scopes"])


def _revoke(transaction: Transaction, token_id: str, now: datetime) -> bool:
    done = sql.revoke(transaction, token_id, now)
    if done:
        noted(transaction, "revoke_token", token_id)
    return done


def _state(row: Any, now: datetime) -> str:
    if row.revoked_at is not None:
        return "revoked"
    if row.expires_at is None:
        return "valid"
    return "expired" if row.expires_at <= now else f"valid until {row.expires_at:%Y-%m-%d}"
