"""A user's no that comes beside the chat, brought into the history that the next turn reads."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Protocol
from uuid import UUID

from tay_middleware.identities import user_key
from tay_middleware.settings import Settings
from tay_middleware.storage.database import Database
from tay_middleware.storage.outbox.places import Outbox
from tay_middleware.storage.payments.touches import note_refusal
from tay_middleware.storage.sql import to_json


class Refusals(Protocol):
    """Where a no is written down."""

    async def note(
        self, user_key: str, session_id: str | None, now: datetime, *, for_good: bool
    ) -> None:
        """A user declined; with `for_good` they want no more of it at all.

        Raises:
            StorageError: it was not written down.
        """

    async def aclose(self) -> None:
        """Give back every connection."""


class EmbeddedRefusals:
    """For the embedded store, whose history is in the database."""

    def __init__(self, database: Database) -> None:
        """Make one; the database stays the caller's."""
        self._database = database

    async def note(
        self, user_key: str, session_id: str | None, now: datetime, *, for_good: bool
    ) -> None:
        """See `Refusals`."""
        await self._database.write(note_refusal, user_key, session_id, now, for_good=for_good)

    async def aclose(self) -> None:
        """See `Refusals`."""


class RedisRefusals:
    """For history in Redis."""

    def __init__(self, outbox: Outbox, key_of: Callable[[str], str]) -> None:
        """Make an unopened one; `key_of` hides an identity as the engine does."""
        from tay_middleware.storage.outbox.link import PATIENT_SECONDS, make_client  # noqa: PLC0415 - Redis
        from tay_middleware.storage.outbox.scripts import Script  # noqa: PLC0415 - imports Redis

        self._key_of = key_of
        self._script = Script("refuse")
        self._prefix = outbox.prefix
        self._client = make_client(outbox.redis_url, patience_seconds=PATIENT_SECONDS)

    async def note(
        self, user_key: str, session_id: str | None, now: datetime, *, for_good: bool
    ) -> None:
        """See `Refusals`."""
        from tay_middleware.storage.outbox.buckets import keys_of  # noqa: PLC0415 - imports Redis
        from tay_middleware.storage.outbox.link import translated  # noqa: PLC0415 - the same
        from tay_middleware.storage.outbox.wire import PROFILE_SECONDS, micros  # noqa: PLC0415 - the same

        said = (
            str(micros(now)),
            to_json(self._key_of(f"session:{session_id}") if session_id else None),
            str(PROFILE_SECONDS),
            "1" if for_good else "",
        )
        with translated("noting a refusal"):
            keys = [keys_of(user_key, UUID(int=0), self._prefix).profile]
            await self._script.run(self._client.execute_command, keys, said)

    async def aclose(self) -> None:
        """See `Refusals`."""
        from tay_middleware.storage.outbox.link import close_client  # noqa: PLC0415 - imports Redis

        await close_client(self._client)


def refusals_of(settings: Settings, database: Database) -> Refusals:
    """The place that the settings name."""
    outbox = Outbox.of(settings)
    if outbox is None:
        return EmbeddedRefusals(database)
    return RedisRefusals(outbox, partial(user_key, settings.user_key_bytes()))
