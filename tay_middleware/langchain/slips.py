"""Slips of an app in what it says of who asks: not read, and without a word not read for good."""

from collections.abc import Iterable, Mapping
from functools import lru_cache

from tay_middleware.engine.given import kind_of
from tay_middleware.engine.telling import tell_once

NOBODY = (
    "nobody is said to ask: `configurable` has no user_id, session_id or thread_id. Without one "
    "there is no history and no cool-down, and whoever owns an offer may be offered it again"
)

_IDS = ("user_id", "session_id", "thread_id")

_SIGNALS = ("language", "region", "age_flag", "vertical", "missing_knowledge", "pet_names")
"""Those that ship: a playbook of one's own may read others."""


class Slips:
    """Tells of keys that are spelt in another way than `known`, and of values that say nothing."""

    def __init__(self, known: Iterable[str]) -> None:
        """`known`: the keys that are read."""
        self._key_meant = lru_cache(256)(_Spelt(known))
        self._signal_meant = lru_cache(256)(_Spelt(_SIGNALS))

    def tell(self, given: Mapping[str, object]) -> None:
        """Say once what of `given` is silently not read, or that nobody is said to ask."""
        for name in given:
            if (meant := self._key_meant(name)) is not None:
                tell_once(f"`configurable` has {name!r}, which is not read; is {meant!r} meant?")
        if not any(given.get(name) for name in _IDS):
            tell_once(NOBODY)
        for name in _IDS:
            _tell_of_id(name, given.get(name))
        _tell_of_offers(given.get("owned_offers"))
        self._tell_of_signals(given.get("signals"))

    def _tell_of_signals(self, signals: object) -> None:
        if signals is None:
            return
        if not isinstance(signals, Mapping):
            takes = 'a dict, as in {"age_flag": "minor"}'
            tell_once(f"`signals` is {kind_of(signals)}, which is not read: it takes {takes}")
            return
        for name in signals:
            if (meant := self._signal_meant(str(name))) is not None:
                tell_once(f"`signals` has {name!r}, which is not read; is {meant!r} meant?")


class _Spelt:
    """Finds the known name that another spelling of it means."""

    def __init__(self, known: Iterable[str]) -> None:
        self._known = {_plain(name): name for name in known}

    def __call__(self, name: str) -> str | None:
        meant = self._known.get(_plain(name))
        return None if meant == name else meant


def _plain(name: str) -> str:
    return name.replace("_", "").replace("-", "").lower()


def _is_no_name(value: object) -> bool:
    """Whether the text of a value names nothing: an address, new each time, or a whole dict."""
    is_address = type(value).__str__ is object.__str__ and type(value).__repr__ is object.__repr__
    return is_address or isinstance(value, Mapping | list | set)


def _tell_of_id(name: str, value: object) -> None:
    if _is_no_name(value):
        tell_once(f"`{name}` is {kind_of(value)}, and takes your id as a text or a number")


def _tell_of_offers(value: object) -> None:
    takes = "it takes a list of names, or one text with commas between them"
    if value is not None and not isinstance(value, Iterable):
        tell_once(f"`owned_offers` is {kind_of(value)}, which is not read: {takes}")
    for offer in value if isinstance(value, list | tuple | set | frozenset) else ():
        if _is_no_name(offer):
            tell_once(f"`owned_offers` holds {kind_of(offer)}, which is not read: {takes}")
