"""What a stored delivery comes to: facts, or none; and whose words go where it comes to none."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any

from tay_middleware.errors import PayloadError
from tay_middleware.payments.facts import Fact
from tay_middleware.payments.providers import PROVIDERS, Provider, parse
from tay_middleware.payments.reading import Reading
from tay_middleware.payments.terms import Terms
from tay_middleware.storage.payments import inbox as sql
from tay_middleware.storage.payments.purchases import erased_among
from tay_middleware.storage.payments.unapplied import forget_words, names_in
from tay_middleware.storage.transaction import Transaction


def understood(row: Any, terms: Terms) -> tuple[str, tuple[Fact, ...]]:
    """What a row of the inbox comes to: its outcome, and its facts.

    Raises:
        PayloadError: it cannot be understood, and trying again will not help.
    """
    provider = PROVIDERS.get(row.provider)
    if provider is None or row.body is None:
        raise PayloadError("the provider is not known" if row.body else "the body is redacted")
    reading = _read(provider, row, terms)
    if reading.facts is None:
        return sql.IGNORED, ()
    if reading.live != terms.live:
        return sql.OTHER_MODE, ()
    facts = reading.facts if terms.live else (replace(one, test=True) for one in reading.facts)
    return "applied", tuple(facts)


def forget_erased(
    transaction: Transaction, rows: Sequence[Any], terms: Terms, now: datetime
) -> None:
    """Take the words out of deliveries that come to no fact and are of before an erasing.

    What comes to a fact goes by the same rule in `settle`.
    """
    for row in rows:
        users = names_in(row.provider, row.body or b"", terms.key_of).users
        erased = erased_among(transaction, users).values()
        if erased and _began(row, terms) <= max(erased):
            forget_words(transaction, [row.id], max(now, row.received_at))


def _began(row: Any, terms: Terms) -> datetime:
    """Since when a delivery is of its time: when it came, or what it tells of had been before."""
    provider = PROVIDERS.get(row.provider)
    reading = None
    if provider is not None and row.body is not None:
        with suppress(PayloadError):
            reading = _read(provider, row, terms)
    told = () if reading is None else reading.facts or ()
    came: datetime = row.received_at
    return min((came, *(fact.at for fact in told)))


def _read(provider: Provider, row: Any, terms: Terms) -> Reading:
    """Read a delivery; a shape that nobody thought of must not stop those behind it."""
    try:
        return provider.read(row.kind or "", row.external_id, parse(row.body), terms.key_of)
    except (TypeError, ValueError, LookupError, AttributeError, ArithmeticError) as error:
        raise PayloadError(f"of a shape that is not known ({type(error).__name__})") from error
