"""Refuses what an engine cannot be made of, and says what to write instead."""

from tay_middleware.engine.in_force import Start
from tay_middleware.errors import ConfigurationError
from tay_middleware.playbook import Playbook
from tay_middleware.settings import Settings, load_settings

HOW = (
    'an Escalator is made by `Escalator.from_settings(Settings(mode="shadow"))`, or found by '
    "`Escalator.shared()`; by hand it takes a playbook, a function that makes a store, and settings"
)


def kind_of(found: object) -> str:
    """What something is, in words that show nothing of it: it may be a key."""
    if isinstance(found, type):
        return f"the class {found.__name__}"
    return f"an object of {type(found).__name__}"


def given_settings(found: object) -> Settings:
    """The settings that were given; those of the environment where none were.

    Raises:
        ConfigurationError: something else was given, or the environment's are wrong.
    """
    if found is None:
        return load_settings()
    if not isinstance(found, Settings):
        raise ConfigurationError(
            f"`settings` is {kind_of(found)}, and takes Settings: "
            '`Escalator.shared(Settings(mode="shadow"))`'
        )
    return found


def only_whole(
    playbook: object = None, store: object = None, settings: object = None, **_more: object
) -> None:
    """Refuse to make an engine of less than it needs.

    Raises:
        ConfigurationError: something is missing, or is something else.
    """
    is_whole = isinstance(playbook, Playbook | Start) and callable(store)
    if not (is_whole and isinstance(settings, Settings)):
        raise ConfigurationError(HOW)
