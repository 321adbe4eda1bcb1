"""What an engine refuses to be made of."""

import copy
from pathlib import Path
from typing import Any

import pytest

from tay_middleware import Escalator, Settings
from tay_middleware.engine.given import HOW
from tay_middleware.engine.in_force import start
from tay_middleware.errors import ConfigurationError
from tay_middleware.playbook import Playbook
from tay_middleware.storage import open_store_of


@pytest.mark.parametrize("how", ["from_settings", "shared"])
@pytest.mark.parametrize("wrong", ["shadow", {"mode": "shadow"}, Settings, 0])
def test_what_are_no_settings_is_refused_with_what_to_write(how: str, wrong: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"takes Settings: `Escalator.shared\(Settings"):
        getattr(Escalator, how)(wrong)


def test_an_engine_of_less_than_it_needs_says_how_one_is_made(playbook: Playbook) -> None:
    made: Any = Escalator
    settings = Settings()
    for given, named in (
        ((), {}),
        ((settings,), {}),
        ((), {"settings": settings}),
        ((playbook, settings, settings), {}),
        (("prompts", lambda: None, settings), {}),
        ((playbook, lambda: None, "shadow"), {}),
    ):
        with pytest.raises(ConfigurationError) as told:
            made(*given, **named)
        assert str(told.value) == HOW


class OfAHome(Escalator):
    """An engine of somebody's own, made of what its maker likes."""

    def __init__(self, home: Path, *, brand: str) -> None:
        settings = Settings(home=home, scorer="off")
        super().__init__(start(settings), lambda: open_store_of(settings), settings)
        self.brand = brand


class AsOurs(Escalator):
    """An engine of somebody's own, made as ours is."""


def test_a_subclass_with_a_constructor_of_its_own_is_made_by_it(tmp_path: Path) -> None:
    engine = OfAHome(tmp_path, brand="ada")
    assert engine.brand == "ada"
    engine.close()


def test_a_subclass_without_one_needs_what_ours_does() -> None:
    made: Any = AsOurs
    with pytest.raises(ConfigurationError, match="an Escalator is made by"):
        made(Settings())


def test_a_copy_of_an_engine_is_the_shared_one_as_before(tmp_path: Any) -> None:
    engine = Escalator.shared(Settings(home=tmp_path, scorer="off"))
    assert copy.copy(engine) is engine
    engine.close()
