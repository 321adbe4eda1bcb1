"""Taking payloads apart without trusting their shape: a wrong type is named, never a traceback."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from tay_middleware.errors import PayloadError
from tay_middleware.identities import KeyOf, identifier
from tay_middleware.payments.facts import Evidence, Fact

TOKEN_CHARS = 22
"""Length of a tracked link's token: 128 bits in base64url."""

MOST_CHARS = 200
"""An id longer than this is nobody's."""

MOST_LOOSE_CHARS = 240
"""Nor is an address, or what a column of the database holds beside its provider's name."""

MOST_APP_CHARS = 8_000
"""But an app's own id of a user may be a token of a login, and is only hashed."""

EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
"""A time outside is a placeholder or a slip; windows around it leave what a calendar holds."""


MOST_AHEAD = timedelta(hours=36)
"""How far ahead a sale may be that is told by hand: a bare date is the end of a day somewhere."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a delivery comes to. `facts` is `None` for a type that means nothing to us."""

    live: bool
    facts: tuple[Fact, ...] | None


@dataclass(frozen=True, slots=True)
class Part:
    """A JSON object of a payload; missing values are `None`, values of a wrong type are refused."""

    values: Mapping[str, Any]

    def text(self, name: str) -> str | None:
        """A text that is not empty.

        Raises:
            PayloadError: it is something else.
        """
        value = self.values.get(name)
        if value is None or value == "":
            return None
        if not isinstance(value, str):
            raise PayloadError(f"{name} is not a text")
        if not _is_storable(value):
            raise PayloadError(f"{name} holds characters that no text has")
        return value

    def needed(self, name: str) -> str:
        """A text that must be there.

        Raises:
            PayloadError: it is not.
        """
        value = self.text(name)
        if value is None:
            raise PayloadError(f"{name} is missing")
        return value

    def ref(self, name: str, most: int = MOST_CHARS) -> str | None:
        """An id, or the id of the object that stands in its place.

        Raises:
            PayloadError: it is something else, or has more than `most` characters.
        """
        value = self.values.get(name)
        if isinstance(value, Mapping):
            return Part(value).ref("id", most)
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        found = self.text(name)
        if found is not None and len(found) > most:
            raise PayloadError(f"{name} is too long for an id")
        return found

    def loose(self, name: str, most: int = MOST_LOOSE_CHARS) -> str | None:
        """A text or a number as one, of a field that others write too; `None` for all else.

        One of more than `most` characters is all else too.
        """
        value = self.values.get(name)
        if isinstance(value, Mapping):
            return Part(value).loose("id", most)
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            return None
        found = str(value)
        return found if 0 < len(found) <= most and _is_storable(found) else None

    def part(self, name: str) -> "Part":
        """An object; an empty one where there is none."""
        value = self.values.get(name)
        if value is None:
            return Part({})
        if not isinstance(value, Mapping):
            raise PayloadError(f"{name} is not an object")
        return Part(value)

    def parts(self, name: str) -> Iterator["Part"]:
        """The objects of a list, of Stripe's `{"data": […]}` or of none."""
        value = self.values.get(name)
        if isinstance(value, Mapping):
            value = value.get("data")
        for item in value if isinstance(value, list) else []:
            if isinstance(item, Mapping):
                yield Part(item)

    def whole(self, name: str) -> int:
        """A whole number.

        Raises:
            PayloadError: it is something else.
        """
        value = self.values.get(name)
        if isinstance(value, bool) or not isinstance(value, int):
            raise PayloadError(f"{name} is not a whole number")
        return value

    def flag(self, name: str) -> bool:
        """Whether something is so: `true` or `false`, also as a text; nothing is no.

        Raises:
            PayloadError: it is something else.
        """
        value = self.values.get(name)
        plain = value.strip().casefold() if isinstance(value, str) else value
        if plain is None or isinstance(plain, bool):
            return bool(plain)
        if plain not in ("true", "false", ""):
            raise PayloadError(f"{name} is neither true nor false")
        return plain == "true"

    def moment(self, name: str) -> datetime:
        """A time in seconds since 1970, or as ISO 8601 with its zone.

        Raises:
            PayloadError: it is no such time, or none of this century.
        """
        value = self.values.get(name)
        try:
            if isinstance(value, str):
                found = datetime.fromisoformat(value)
                if found.tzinfo is None:
                    raise PayloadError(f"{name} has no time zone")
                found = found.astimezone(UTC)
            else:
                found = datetime.fromtimestamp(self.whole(name), UTC)
        except (ValueError, OverflowError, OSError):
            raise PayloadError(f"{name} is no time") from None
        if not EARLIEST <= found <= LATEST:
            raise PayloadError(f"{name} is no time between the years 2000 and 2100")
        return found


def check_times(facts: Iterable[Fact], now: datetime) -> None:
    """Refuse what is told by hand of a time that has not come.

    Raises:
        PayloadError: a fact is of more than `MOST_AHEAD` from now.
    """
    for fact in facts:
        if fact.at > now + MOST_AHEAD:
            raise PayloadError(f"occurred_at is in the future: {fact.at:%Y-%m-%d %H:%M} UTC")


def _is_storable(text: str) -> bool:
    """Whether every database of ours takes it: no zero, no half of a pair."""
    return "\x00" not in text and not any("\ud800" <= one <= "\udfff" for one in text)


def evidence_of(
    *,
    key_of: KeyOf,
    reference: str | None = None,
    metadata: Mapping[str, Any] | None = None,
    customer: str | None = None,
    email: str | None = None,
) -> Evidence:
    """What leads to a mention or a person, with identities hidden.

    `reference` may be a tracked link's token or the app's own user id. `metadata` is looked through
    for `tay_token`, `tay_escalation_id` and `tay_user_id`.
    """
    ours = {name: str(value) for name, value in (metadata or {}).items() if value not in (None, "")}
    token = ours.get("tay_token")
    user = identifier(ours.get("tay_user_id"))
    named = identifier(reference)
    return Evidence(
        token=reference if reference and is_token(reference) else None,
        metadata_token=token if token and is_token(token) else None,
        reference_key=key_of(f"user:{named}") if named else None,
        escalation_id=uuid_of(ours.get("tay_escalation_id")),
        user_key=key_of(f"user:{user}") if user else None,
        customer=customer,
        email_key=key_of(f"email:{email.strip().casefold()}") if email else None,
    )


def is_token(text: str) -> bool:
    """Whether it may be a token of a tracked link."""
    plain = text.replace("-", "").replace("_", "")
    return len(text) == TOKEN_CHARS and plain.isascii() and (not plain or plain.isalnum())


def uuid_of(text: str | None) -> UUID | None:
    """A UUID, or `None` for what is none."""
    try:
        return UUID(text) if text else None
    except ValueError:
        return None
