"""What differs between two playbooks, entry by entry."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from tay_middleware.playbook import Playbook

_PARTS = ("offers", "indicators", "gates", "topics", "policy", "voice", "experiments")


@dataclass(frozen=True, slots=True)
class Edit:
    """One entry that differs: its file, the way to it, and what it was and is (`None`: is not)."""

    file: str
    entry: str
    before: str | None
    after: str | None


def edits(old: Playbook, new: Playbook) -> tuple[Edit, ...]:
    """Everything that differs, in the order of the files."""
    found: list[Edit] = []
    for part in _PARTS:
        before, after = _flat(getattr(old, part)), _flat(getattr(new, part))
        found += _between(f"{part}.yaml", before, after)
    found += _between("templates", _templates(old), _templates(new))
    prompts = ({"": old.classifier_prompt}, {"": new.classifier_prompt})
    return (*found, *_between("classifier.md", *prompts))


def _between(file: str, before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Edit]:
    for entry in dict.fromkeys((*before, *after)):
        one, other = before.get(entry), after.get(entry)
        if one != other:
            yield Edit(file, entry, one, other)


def _templates(playbook: Playbook) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for one in playbook.templates:
        found[one.id] = one.text
        found[f"{one.id}.weight"] = f"{one.weight:g}"
        found[f"{one.id}.pet_name"] = str(one.pet_name)
    return found


def _flat(value: Any) -> dict[str, str]:
    return dict(_leaves(value, ()))


def _leaves(value: Any, way: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    if isinstance(value, BaseModel):
        value = value.model_dump(by_alias=True)
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _leaves(inner, (*way, str(getattr(key, "value", key))))
    elif isinstance(value, Sequence) and not isinstance(value, str) and _is_deep(value):
        for at, inner in enumerate(value):
            yield from _leaves(inner, (*way, str(at)))
    elif isinstance(value, frozenset | set):
        yield from ((".".join((*way, str(item))), "there") for item in sorted(map(str, value)))
    elif isinstance(value, Sequence) and not isinstance(value, str):
        yield from ((".".join((*way, str(item))), "there") for item in value)
    else:
        yield ".".join(way), str(getattr(value, "value", value))


def _is_deep(value: Sequence[Any]) -> bool:
    return any(isinstance(item, BaseModel | Mapping) for item in value)
