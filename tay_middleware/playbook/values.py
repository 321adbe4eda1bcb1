"""Values of `prompts/` that are checked by themselves: texts, links, prices, patterns."""

import re
from functools import lru_cache
from ipaddress import ip_address
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, HttpUrl

from tay_middleware.playbook.repetition import repeats_a_repetition
from tay_middleware.playbook.wording import check_notice, check_placeholders, check_quotes

Wording = Annotated[str, Field(min_length=1, max_length=600), AfterValidator(check_placeholders)]
"""Text with `$placeholders` of the allow-list."""

ALONE = re.compile(r"\(\?[aiLmsux]+\)|\(\?P|\(\?\(|(?<!\\)(?:\\\\)*\\[1-9]")
"""What means something else, or nothing, once a pattern is joined to others: flags for the whole of
it, named groups, and what refers back to a group."""

MAX_LINK_CHARS = 500
"""A longer link is no sight for a reader; it is never cut, so it is refused."""


def _explains(text: str) -> str:
    return check_placeholders(text, {"offer"})


def _acknowledges(text: str) -> str:
    return check_placeholders(text, ())


@lru_cache(maxsize=1024)
def checked_pattern(pattern: str) -> str:
    """The pattern, if it can be compiled, alone and beside others, and repeats no repetition.

    Raises:
        ValueError: it is no such pattern.
    """
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"{pattern!r} is no pattern: {error}") from None
    if repeats_a_repetition(pattern):
        mend = "let only one of the two have a + or *"
        raise ValueError(f"{pattern!r} repeats a repetition; that can take for ever: {mend}")
    if ALONE.search(pattern):
        mend = "take (?i) and group names out, and write what repeats in full"
        raise ValueError(f"{pattern!r} cannot stand beside other patterns: {mend}")
    return pattern


def _readable(link: HttpUrl) -> HttpUrl:
    length = len(str(link))
    if length > MAX_LINK_CHARS:
        raise ValueError(f"a link of {length} characters; at most {MAX_LINK_CHARS}: shorten it")
    if not _is_public(link.host or ""):
        raise ValueError("nobody else can open this address: write the public one")
    return link


def _two_letters(language: str) -> str:
    if not re.fullmatch("[a-z]{2}", language):
        raise ValueError("write the two small letters of the language: en")
    return language


def _in_words(price: object) -> object:
    if isinstance(price, int | float):
        raise ValueError(f'put it in quotes with its currency: "{price} USD"')  # noqa: TRY004 - pydantic's
    return price


def _is_public(host: str) -> bool:
    """Whether a host may be reached from elsewhere: no name of one machine, no private number."""
    try:
        return ip_address(host.strip("[]")).is_global
    except ValueError:
        return "." in host and not host.endswith((".local", ".localhost", ".internal", ".lan"))


Explanation = Annotated[str, Field(min_length=1, max_length=600), AfterValidator(_explains)]
"""Text that knows the offer that was mentioned, and nothing else."""

Acknowledgement = Annotated[str, Field(min_length=1, max_length=600), AfterValidator(_acknowledges)]
"""Text with no placeholder: there is nothing to fill in."""

Pattern = Annotated[str, Field(min_length=1, max_length=400), AfterValidator(checked_pattern)]
"""A regular expression that is asked in any letter case."""

Said = Annotated[str, AfterValidator(check_quotes)]
"""A value that is put into wordings as it stands."""

Price = Annotated[Said, BeforeValidator(_in_words)]
"""A price with its currency: a bare number is nothing to say."""

Language = Annotated[str, AfterValidator(_two_letters)]
"""A language by the two letters of ISO 639-1."""

Notice = Annotated[str, Field(max_length=600), AfterValidator(check_notice)]
"""Text that is shown as it stands."""

Link = Annotated[HttpUrl, AfterValidator(_readable)]
"""An address that everybody can open."""
