"""The statistics libraries, imported when they are first needed: they cost a second and 150 MB."""

from importlib import import_module
from typing import Any

from tay_middleware.errors import ConfigurationError


def needed(module: str) -> Any:
    """A module of the extra `analytics`.

    Raises:
        ConfigurationError: it is not installed.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            "this needs statistics that are not installed: pip install 'tay-middleware[analytics]'"
        ) from error
