"""What is wrong with settings: each variable by its name, with the mend, and never a value."""

import re
from collections.abc import Collection, Mapping
from difflib import get_close_matches
from typing import Any

from pydantic import AliasChoices, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from pydantic_settings import SettingsError


def misfits(error: ValidationError | SettingsError, known: Mapping[str, FieldInfo]) -> str:
    """What pydantic found, a line for each variable.

    Args:
        error: what it raised; a variable that is no JSON where it should be is told of alone.
        known: the settings that there are, by name.
    """
    aliases = {alias for field in known.values() for alias in _aliases(field)}
    if isinstance(error, SettingsError):
        name = next(iter(re.findall(r'field "(\w+)"', str(error))), "…")
        lines = [f'{_variable(name)}: is no JSON object, such as {{"name": "value"}}']
    else:
        found = error.errors(include_url=False, include_input=False)
        lines = [f"{_told(one['loc'], aliases)}: {_mend(one, known)}" for one in found]
    return "\n  ".join(["settings are wrong:", *lines])


def trimmed(given: Mapping[str, Any], *, kept: str) -> dict[str, Any]:
    """Values without blanks and line ends around them; one that is nothing else is not given.

    Args:
        given: what the environment or a caller says, by name.
        kept: whose value is used to the letter.
    """
    return {
        name: value.strip() if isinstance(value, str) and name != kept else value
        for name, value in given.items()
        if not (isinstance(value, str) and value.isspace())
    }


def _aliases(field: FieldInfo) -> list[str]:
    alias = field.validation_alias
    names = alias.choices if isinstance(alias, AliasChoices) else [alias]
    return [name for name in names if isinstance(name, str)]


def _told(place: tuple[str | int, ...], aliases: Collection[str]) -> str:
    """What was given: a setting is told as its variable, and an alias is one already."""
    return str(place[0]) if place[0] in aliases else _variable(*place)


def _variable(*place: str | int) -> str:
    return f"TAY_{'__'.join(map(str, place)).upper()}"


def _mend(found: ErrorDetails, known: Collection[str]) -> str:
    if found["type"] != "extra_forbidden":
        return found["msg"]
    nearest = get_close_matches(str(found["loc"][0]), known, 1, 0.6)
    return "there is no such setting" + (f"; is {nearest[0]} meant?" if nearest else "")
