"""Names in labels, held against those that exist: a misspelt one would count as a wrong decision.

Letter case and spaces around a name do not matter; an empty one and `none` are no name.
"""

from collections.abc import Collection

from tay_middleware.errors import ConfigurationError

_NOTHING = frozenset({"", "none"})


def plain(said: str | None) -> str | None:
    """A name as the playbook and the decisions write it, `None` for no name."""
    name = (said or "").strip().casefold()
    return None if name in _NOTHING else name


def known(said: str | None, names: Collection[str] | None, where: str) -> str | None:
    """A name that is one of `names`; any is, where these are `None`.

    Raises:
        ConfigurationError: it is none of them; `where` is file, line and field.
    """
    name = plain(said)
    if name is None or names is None or name in names:
        return name
    raise ConfigurationError(f"{where}: there is no {said!r}, but {', '.join(names)}")
