"""Hashes of names and keys, of which a turn makes many.

To begin a hash OpenSSL looks for its implementation, which takes ten times as long as to hash a
name, and a hundred times where the caches are cold. A copy of one that was begun is begun as well.
"""

import hmac
from functools import lru_cache
from hashlib import sha1, sha256
from uuid import UUID

SECRETS = 8
"""Secrets whose beginning is kept: a process has one, tests have more."""

_SHA256 = sha256()
_SHA1 = sha1(usedforsecurity=False)


def digest(data: bytes) -> bytes:
    """The SHA-256 of `data`, 32 bytes."""
    begun = _SHA256.copy()
    begun.update(data)
    return begun.digest()


def keyed_digest(secret: bytes, data: bytes) -> bytes:
    """The HMAC-SHA256 of `data` under `secret`, 32 bytes."""
    begun = _begun(secret).copy()
    begun.update(data)
    return begun.digest()


def named_uuid(namespace: UUID, name: str) -> UUID:
    """The UUIDv5 of a name: what `uuid.uuid5` gives.

    Raises:
        UnicodeEncodeError: the name holds half a character.
    """
    begun = _SHA1.copy()
    begun.update(namespace.bytes + name.encode())
    return UUID(bytes=begun.digest()[:16], version=5)


@lru_cache(SECRETS)
def _begun(secret: bytes) -> hmac.HMAC:
    return hmac.new(secret, digestmod="sha256")
