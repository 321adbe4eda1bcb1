"""What is looked for in a question: the shapes of indicators, gates and topics."""

from collections.abc import Callable

import pytest

from tay_middleware.errors import Problem
from tay_middleware.playbook import Playbook

Spoil = Callable[..., list[Problem]]


def replaced(old: str, new: str) -> Callable[[str], str]:
    return lambda text: text.replace(old, new, 1)


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("indicators.yaml", "- (strategy|", "- (strategy||", "an alternative is empty"),
        ("indicators.yaml", "- (strategy|", "- ((strategy|", "cannot be read"),
        ("indicators.yaml", "unless: [learning]", "unless: [lerning]", "'lerning'"),
        ("indicators.yaml", "group: guidance", "group: guidanse", "'guidanse'"),
        (
            "indicators.yaml",
            "  masterclass:\n    - (the",
            "  mastarclass:\n    - (the",
            "unknown offer",
        ),
        ("gates.yaml", "beside: [personal", "beside: [personnal", "unknown group 'personnal'"),
        ("offers.yaml", "needs: [technique]", "needs: [tecnique]", "unknown group 'tecnique'"),
        ("topics.yaml", "- (menu|packages)", "- (menu|packages", "cannot be read"),
    ],
)
def test_a_slip_is_named_with_its_line(
    spoil: Spoil, name: str, old: str, new: str, said: str
) -> None:
    problems = spoil(name, replaced(old, new))
    assert said in problems[0].message
    assert problems[0].file == name
    assert problems[0].line is not None


def test_the_groups_of_the_briefs_rule_are_there(playbook: Playbook) -> None:
    kinds = {group.kind for group in playbook.indicators.groups.values()}
    purchase = {"purchase", "purchase_named", "purchase_object"}
    assert kinds == {"personal", "business", *purchase, "other"}
