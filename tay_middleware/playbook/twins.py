"""Wordings that say the same under two names: a test of them compares nothing with nothing."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tay_middleware import naming
from tay_middleware.playbook.names import Found
from tay_middleware.playbook.schema import Template
from tay_middleware.playbook.wording import placeholders

if TYPE_CHECKING:
    from tay_middleware.playbook.load import Playbook


def twins(playbook: "Playbook") -> Iterator[Found]:
    """Each wording of a pool with the words of an earlier one, whatever its marks and emoji."""
    first: dict[tuple[str, ...], Template] = {}
    for template in playbook.templates:
        pool = (template.offer, template.strength.value, template.tier)
        other = first.setdefault((*pool, *_said(template)), template)
        if other.variant != template.variant:
            message = f"says the same as {other.variant!r}, marks and emoji apart"
            yield template.file, template.place, f"{message}: write another, or take one out"


def _said(template: Template) -> tuple[str, ...]:
    """What a reader would tell apart: the words, and by which name she is called."""
    called = template.pet_name if "pet_name" in placeholders(template.text) else None
    return (*naming.words(template.text), (called or "").lower())
