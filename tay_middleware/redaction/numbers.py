"""Numbers that lead to a person, found in a text: IBANs, cards, IP addresses, telephones.

Each function yields spans, from left to right and without overlap. A number is looked for inside a
row of groups, so that what is written behind it (an expiry date, a second number) does not hide it.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from ipaddress import ip_address

Spans = Iterator[tuple[int, int]]

_IBAN = re.compile(r"(?<![^\W_])[A-Za-z]{2}\d{2}(?:[ -]?[A-Za-z0-9]){11,30}")
_LEAST_IBAN_DIGITS = 8
"""Fewer stand in words that happen to follow two letters and two digits."""

_ROW = re.compile(r"(?<!\d)(?<!\d[.,])\d+(?:(?: {1,2}|[.-])\d+)*")
_GROUP = re.compile(r"\d+")
_CARD_DIGITS = range(13, 20)
_CARD_GROUP = 4
"""Digits of all groups but the last: 4-4-4-4, 4-6-5, 8-8."""

_ISSUERS = re.compile(r"3[04-9]|[456]|220[0-4]|22[2-9]|2[3-6]|27[01]|2720|8[12]")
"""How a card begins (ISO/IEC 7812-1); rows of prices and years mostly begin otherwise."""

_IP = re.compile(
    r"(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7})(?![\w:])"
)

_DATE = r"(?!(?:19|20)\d\d[.-]\d\d[.-]\d\d(?!\d)|\d\d[.-]\d\d[.-](?:19|20)\d\d(?!\d))"
_ABROAD = r"(?<![\w+])(?:\+|(?<![.,])00(?=[1-9]))\d(?:[ ./()-]{0,3}\d){7,14}(?!\d)"
_SLASHED = r"(?<![\w+])(?<!\d[.,-])0\d{2,5} ?/ ?\d{4,9}(?:[ -]\d{2,5}){0,2}(?!\w)"
_SOLID = r"(?<![\d£$€₦])(?<!\d[.,])\d{10,15}(?![.,]?\d)"
_GROUPED = (
    rf"(?<![\w£$€₦+])(?<!\d[.,-]){_DATE}(?:[178][ .-](?=\(?\d{{3}}\)?[ .-]))?"
    r"(?:\(\d{1,5}\)[ .-]?)?\d{2,}(?:[ .-]\d{2,})*(?![\w%.,]\d|\w)"
)
_PHONE = re.compile(f"(?P<sure>{_ABROAD}|{_SLASHED})|(?P<row>{_GROUPED})|(?P<solid>{_SOLID})")
_PHONE_DIGITS = range(9, 16)
"""ITU-T E.164 allows 15 digits; below 9 prices, dates and sizes would be taken for numbers."""


def ibans(text: str) -> Spans:
    """Account numbers whose check digits (ISO 13616, modulo 97) are right, in any case."""
    at = 0
    while found := _IBAN.search(text, at):
        start, last = found.span()
        ends = (
            end
            for end in range(last, start + 14, -1)
            if text[end - 1].isalnum() and not text[end : end + 1].isalnum()
        )
        end = next((end for end in ends if _is_iban(text[start:end])), None)
        if end is not None:
            yield start, end
        at = end or start + 4


def cards(text: str) -> Spans:
    """Card numbers whose Luhn check digit (ISO/IEC 7812-1) is right."""
    for row in _ROW.finditer(text):
        groups = [group.span() for group in _GROUP.finditer(text, *row.span())]
        alone = 0 if "." in row.group() else len(groups)
        yield from _first_real(text, groups, _CARD_DIGITS, partial(_is_card, alone=alone))


def ips(text: str) -> Spans:
    """Addresses of version 4 and 6; times of day are none."""
    return (found.span() for found in _IP.finditer(text) if _is_ip(found.group()))


def phones(text: str) -> Spans:
    """Telephone numbers, as far as they differ from prices, dates and sizes."""
    for found in _PHONE.finditer(text):
        if found["row"] is None:
            if sum(map(str.isdigit, found.group())) in _PHONE_DIGITS:
                yield found.span()
            continue
        groups = [group.span() for group in _GROUP.finditer(text, *found.span())]
        real = partial(_is_phone, bracket="(" in found.group())
        for start, end in _first_real(text, groups, _PHONE_DIGITS, real, _is_trunk):
            opens = start > found.start() and text[start - 1] == "("
            yield (start - 1 if opens else start), end


def _first_real(
    text: str,
    groups: Sequence[tuple[int, int]],
    digits: range,
    real: Callable[[Sequence[str]], bool],
    inner: Callable[[str], bool] = lambda _group: True,
) -> Spans:
    """The longest runs of groups that are real, from left to right.

    Args:
        text: where they stand.
        groups: spans of groups of digits that follow each other.
        digits: how many digits a real one has; what keeps this linear.
        real: whether groups are one number.
        inner: whether one may begin with this group, where it is not the first.
    """
    first = 0
    while first < len(groups):
        chosen: list[str] = []
        many, behind = 0, first
        if not first or inner(text[slice(*groups[first])]):
            for start, end in groups[first : first + digits.stop]:
                many += end - start
                if many not in range(digits.stop):
                    break
                chosen.append(text[start:end])
                if many in digits and real(chosen):
                    behind = first + len(chosen)
        if behind > first:
            yield groups[first][0], groups[behind - 1][1]
        first = max(behind, first + 1)


def _is_card(groups: Sequence[str], *, alone: int) -> bool:
    """Whether these are a card; a row of `alone` groups in all may have short ones, not pairs."""
    number = "".join(groups)
    if len(groups) > 1:
        if not _ISSUERS.match(number) or all(group.endswith("0") for group in groups):
            return False
        short = min(map(len, groups[:-1]))
        if short == 2 or (short < _CARD_GROUP and len(groups) != alone):
            return False
    digits = [int(character) for character in number]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def _is_iban(text: str) -> bool:
    packed = "".join(filter(str.isalnum, text)).upper()
    if sum(map(str.isdigit, packed)) < _LEAST_IBAN_DIGITS:
        return False
    number = "".join(str(int(character, 36)) for character in packed[4:] + packed[:4])
    return int(number) % 97 == 1


def _is_ip(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return text.count(":") != 2 or "::" in text


def _is_trunk(group: str) -> bool:
    return group.startswith("0")


def _is_phone(groups: Sequence[str], *, bracket: bool) -> bool:
    return bracket or not _is_list(groups)


def _is_list(groups: Sequence[str]) -> bool:
    """Whether these are prices, years or sizes, one after the other, rather than one number."""
    if len(groups) == 1 or groups[0].startswith("0"):
        return False
    lengths = {len(group) for group in groups}
    if lengths == {2} or all(group.endswith("0") for group in groups):
        return True
    return len(groups[0]) == 4 and max(lengths) <= 4
