"""Where a line goes: what the maps of the code say of it is what is there."""

import pkgutil
import re
import tomllib
from types import ModuleType

import pytest

from tay_middleware import decide, evals
from tests.docs.pages import ROOT

TOLD = re.compile(r"`([a-z_]+)`")


@pytest.mark.parametrize("package", [decide, evals], ids=lambda one: one.__name__)
def test_every_module_of_a_large_package_has_one_place_in_its_reading_order(
    package: ModuleType,
) -> None:
    order = (package.__doc__ or "").partition("Reading order")[2]
    assert sorted(TOLD.findall(order)) == sorted(
        one.name for one in pkgutil.iter_modules(package.__path__)
    )


def test_contributors_are_told_the_layers_that_are_checked() -> None:
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    told = page.partition("**Layers**")[2].partition("`.\n")[0]
    rules = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = rules["tool"]["importlinter"]["contracts"]
    layers = next(one["layers"] for one in contracts if one["type"] == "layers")
    rows = [row.strip(" `\n") for row in told.partition("):")[2].split(">")]
    assert rows == layers
