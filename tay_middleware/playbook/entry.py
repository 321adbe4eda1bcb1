"""What every entry of `prompts/` has in common, and the names that entries may have."""

import re
import unicodedata
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict

MAX_NAME_CHARS = 60

_SLUG = re.compile(r"[a-z][a-z0-9_-]*")
_VARIANT = re.compile(r"\w[\w-]*")


def _slug(text: str) -> str:
    if len(text) <= MAX_NAME_CHARS and _SLUG.fullmatch(text):
        return text
    rule = f"small letters, digits, _ and -, a letter first, at most {MAX_NAME_CHARS}"
    raise ValueError(f"{text!r} is no key: {rule}{_meant(text)}")


def _variant(text: str) -> str:
    if len(text) <= MAX_NAME_CHARS and _VARIANT.fullmatch(text):
        return text
    raise ValueError(f"{text!r} is no name of a wording: letters, digits, _ and -, such as A or B2")


def _meant(text: str) -> str:
    """The key that is nearest to a text, if any is left of it."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    near = re.sub(r"[^a-z0-9]+", "_", plain).strip("_0123456789")[:MAX_NAME_CHARS]
    return f": write {near}" if _SLUG.fullmatch(near) else ""


Slug = Annotated[str, AfterValidator(_slug)]
"""A name that code, SQL and URLs use: lower case, digits, `_` and `-`."""

VariantName = Annotated[str, AfterValidator(_variant)]
"""A name within the id of a wording, whose parts are joined by full stops."""


class Entry(BaseModel):
    """Base of all: frozen, numbers are finite, and a key that is not known is an error."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", str_strip_whitespace=True, allow_inf_nan=False
    )
