import hmac
from hashlib import sha256
from uuid import UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tay_middleware.hashing import digest, keyed_digest, named_uuid

SPACE = UUID(int=7)


@given(data=st.binary())
def test_a_digest_is_that_of_the_library(data: bytes) -> None:
    assert digest(data) == sha256(data).digest()


@given(secret=st.binary(max_size=200), data=st.binary())
def test_a_keyed_digest_is_that_of_the_library_under_any_secret(secret: bytes, data: bytes) -> None:
    assert keyed_digest(secret, data) == hmac.digest(secret, data, "sha256")


@given(name=st.text())
def test_a_named_uuid_is_that_of_the_library(name: str) -> None:
    assert named_uuid(SPACE, name) == uuid5(SPACE, name)


def test_half_a_character_names_no_uuid() -> None:
    with pytest.raises(UnicodeEncodeError):
        named_uuid(SPACE, "\ud800")
