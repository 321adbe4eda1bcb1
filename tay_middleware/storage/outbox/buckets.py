"""How the keys in Redis are named, and which of them lie together.

Everything that one commit touches must share a slot of a cluster, and a slot is chosen by what
stands in braces: so that is a *bucket*, a stable hash of the user's key, and never the user (whose
events could then not share a stream with anybody's).
"""

from dataclasses import dataclass
from functools import cache
from uuid import UUID

from tay_middleware.hashing import digest

BUCKETS = 64
"""Slots that users are spread over: enough for some thirty masters and as many drains, few enough
that looking into each of them is one pipeline. The number is stored in Redis and checked at start:
another one would look for a user's history where it is not."""


LAYOUT = 1
"""The version of the layout of keys and values; raised when an older process could not read it."""

PREFIX = "tay:"
"""Before every key, where `TAY_REDIS_PREFIX` says nothing else: two environments on one Redis would
share history and take each other's events."""


@dataclass(frozen=True, slots=True)
class TurnKeys:
    """The keys that belong to one turn of one user (or of nobody, then only two of them count)."""

    bucket: int
    history: str
    profile: str
    cooldown: str
    turn: str
    outbox: str
    erased: str

    def all(self) -> tuple[str, ...]:
        """In the order in which the scripts expect them."""
        return (self.history, self.profile, self.cooldown, self.turn, self.outbox, self.erased)


def bucket_of(identity: str) -> int:
    """The bucket of a user's key, the same on every machine and for ever."""
    return int.from_bytes(digest(identity.encode())[:4]) % BUCKETS


def meta_of(prefix: str = PREFIX) -> str:
    """Where it stands what must be the same for all: number of buckets, version of the layout."""
    return f"{prefix}meta"


def keys_of(user_key: str | None, turn_id: UUID, prefix: str = PREFIX) -> TurnKeys:
    """The keys of a turn; without a user its own id chooses the bucket."""
    bucket = bucket_of(user_key or str(turn_id))
    tag = _tag(bucket, prefix)
    who = user_key or ""
    return TurnKeys(
        bucket=bucket,
        history=f"{tag}:h:{who}",
        profile=f"{tag}:p:{who}",
        cooldown=f"{tag}:c:{who}",
        turn=f"{tag}:t:{turn_id}",
        outbox=outbox_of(bucket, prefix),
        erased=f"{tag}:e:{who}",
    )


@cache
def outbox_of(bucket: int, prefix: str = PREFIX) -> str:
    """The stream of a bucket's events."""
    return f"{_tag(bucket, prefix)}:outbox"


@cache
def _tag(bucket: int, prefix: str) -> str:
    return f"{prefix}{{b{bucket:02d}}}"
