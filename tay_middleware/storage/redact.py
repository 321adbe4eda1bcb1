"""What is kept of a question: everything, nothing, or everything but what leads to a person.

Redaction is a net with known holes (names and street addresses pass); it is not anonymity. It works
in linear time on any text.
"""

import re
from collections.abc import Callable
from ipaddress import ip_address
from typing import Literal

MOST_CHARS = 4_000
"""What the log keeps of one question; a pasted book is not a question."""

CUT = "…"

_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{1,4}){3,8}\b")
_CARD = re.compile(r"(?<![\d.,])\d(?:[ -]?\d){12,18}(?![\d])")
_IP = re.compile(
    r"(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7})(?![\w:])"
)
_PHONE = re.compile(
    r"(?<![\w£$€₦.,+-])(?:\+\d{1,3}[ .-]?|00\d{1,3}[ .-]?)?(?:\(\d{1,5}\)[ .-]?)?\d{2,5}"
    r"(?:[ .-]?\d{2,5}){1,5}(?![\w%.,]\d|\w)"
)

_LEAST_PHONE_DIGITS = 9
_MOST_PHONE_DIGITS = 15
"""ITU-T E.164 allows 15 digits; below 9 prices, dates and sizes would be taken for numbers."""


def keep(text: str, mode: Literal["none", "redacted", "full"]) -> str | None:
    """What the log stores of `text`: nothing, the redacted text, or the text itself, cut short."""
    if mode == "none":
        return None
    kept = text if mode == "full" else redact(text[: 2 * MOST_CHARS])
    if len(kept) > MOST_CHARS:
        kept = kept[: MOST_CHARS - 1] + CUT
    return kept.replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def redact(text: str) -> str:
    """Put `[email]`, `[iban]`, `[card]`, `[ip]` and `[phone]` where such a thing stood."""
    for pattern, name, real in _KINDS:
        text = pattern.sub(_replacer(name, real), text)
    return text


def _replacer(name: str, real: Callable[[str], bool]) -> Callable[[re.Match[str]], str]:
    return lambda found: f"[{name}]" if real(found.group()) else found.group()


def _is_email(_text: str) -> bool:
    return True


def _is_card(text: str) -> bool:
    """Whether the Luhn check digit (ISO/IEC 7812-1) is right."""
    digits = [int(character) for character in text if character.isdigit()]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def _is_iban(text: str) -> bool:
    """Whether the check digits (ISO 13616, modulo 97) are right."""
    packed = text.replace(" ", "")
    if not 15 <= len(packed) <= 34:
        return False
    number = "".join(str(int(character, 36)) for character in packed[4:] + packed[:4])
    return int(number) % 97 == 1


def _is_ip(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return text.count(":") != 2 or "::" in text


def _is_phone(text: str) -> bool:
    digits = sum(character.isdigit() for character in text)
    return _LEAST_PHONE_DIGITS <= digits <= _MOST_PHONE_DIGITS


_KINDS: tuple[tuple[re.Pattern[str], str, Callable[[str], bool]], ...] = (
    (_EMAIL, "email", _is_email),
    (_IBAN, "iban", _is_iban),
    (_CARD, "card", _is_card),
    (_IP, "ip", _is_ip),
    (_PHONE, "phone", _is_phone),
)
