"""Where production keeps its things, as the settings say."""

from dataclasses import dataclass
from pathlib import Path

from tay_middleware.settings import Settings


@dataclass(frozen=True, slots=True)
class Outbox:
    """Redis with all that belongs to it.

    At most `most_events` events wait in Redis for the drain; more wait in the spool, a file at
    `spool_path` of at most `spool_bytes`, as do those that Redis cannot take. `call_seconds` is
    what a turn may lose to a Redis that hangs.
    """

    redis_url: str
    spool_path: Path
    spool_bytes: int = 1 << 30
    most_events: int = 1_000_000
    call_seconds: float = 0.1

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
        )
