"""What every entry of `prompts/` has in common."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Slug = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$", max_length=60)]
"""A name that code, SQL and URLs use: lower case, digits, `_` and `-`."""


class Entry(BaseModel):
    """Base of all: frozen, numbers are finite, and a key that is not known is an error."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", str_strip_whitespace=True, allow_inf_nan=False
    )
