"""Where production keeps its things, as the settings say."""

from dataclasses import dataclass
from pathlib import Path

from tay_middleware.identities import user_key
from tay_middleware.settings import LEAST_SECRET_CHARS, Settings
from tay_middleware.storage.outbox.buckets import PREFIX


@dataclass(frozen=True, slots=True)
class Outbox:
    """Redis with all that belongs to it.

    At most `most_events` events wait in Redis for the drain; more wait in the spool, a file at
    `spool_path` of at most `spool_bytes`, as do those that Redis cannot take. `call_seconds` is
    what a turn may lose to a Redis that hangs. `prefix` stands before every key; by `secret_mark`
    the secret of user ids is known again, which it does not tell (`None` where none is set).
    """

    redis_url: str
    spool_path: Path
    spool_bytes: int = 1 << 30
    most_events: int = 1_000_000
    call_seconds: float = 0.1
    prefix: str = PREFIX
    secret_mark: str | None = None

    @classmethod
    def of(cls, settings: Settings) -> "Outbox | None":
        """The outbox that the settings describe; `None` where they name no Redis."""
        if settings.redis_url is None:
            return None
        return cls(
            redis_url=settings.redis_url.get_secret_value(),
            spool_path=settings.resolved_spool_path,
            spool_bytes=settings.spool_megabytes << 20,
            most_events=settings.outbox_events,
            call_seconds=settings.redis_timeout_seconds,
            prefix=settings.redis_prefix,
            secret_mark=_mark_of(settings),
        )


def _mark_of(settings: Settings) -> str | None:
    """An HMAC under the secret; no identity is named like this one."""
    said = settings.user_key_secret
    secret = said.get_secret_value() if said is not None else ""
    is_usable = len(secret.strip()) >= LEAST_SECRET_CHARS
    return user_key(secret.encode(), "mark")[:16] if is_usable else None
