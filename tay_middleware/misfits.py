"""What is wrong with settings: each variable by its name, with the mend, and never a value."""

import re
from collections.abc import Iterable
from difflib import get_close_matches

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import SettingsError


def misfits(error: ValidationError | SettingsError, known: Iterable[str]) -> str:
    """What pydantic found, a line for each variable.

    Args:
        error: what it raised; a variable that is no JSON where it should be is told of alone.
        known: the settings that there are.
    """
    if isinstance(error, SettingsError):
        name = next(iter(re.findall(r'field "(\w+)"', str(error))), "…")
        lines = [f'{_variable(name)}: is no JSON object, such as {{"name": "value"}}']
    else:
        found = error.errors(include_url=False, include_input=False)
        lines = [f"{_variable(*one['loc'])}: {_mend(one, known)}" for one in found]
    return "\n  ".join(["settings are wrong:", *lines])


def _variable(*place: str | int) -> str:
    return f"TAY_{'__'.join(map(str, place)).upper()}"


def _mend(found: ErrorDetails, known: Iterable[str]) -> str:
    if found["type"] != "extra_forbidden":
        return found["msg"]
    nearest = get_close_matches(str(found["loc"][0]), known, 1, 0.6)
    return "there is no such setting" + (f"; is {nearest[0]} meant?" if nearest else "")
