"""Slips that people make say how they are mended, and a rename says it once."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tay_middleware.errors import PlaybookError, Problem
from tay_middleware.playbook import load_playbook, shipped

Spoil = Callable[..., list[Problem]]

LINK = "link: https://tay.example/course"


@pytest.mark.parametrize(
    ("file", "was", "written", "said"),
    [
        (
            "offers.yaml",
            LINK,
            f"{LINK}\n  price: 49",
            'put it in quotes with its currency: "49 USD"',
        ),
        ("offers.yaml", LINK, "link: tay.example/course", "begin it with https://"),
        ("offers.yaml", LINK, "link: ftp://tay.example/course", "begin it with https://"),
        ("offers.yaml", "name: the course", "name: 7", "put it in quotes"),
        ("offers.yaml", "name: the course", 'name: " "', "nothing stands here: write it"),
        ("offers.yaml", "name: the course", "name: C", "too short: write at least 2 characters"),
        (
            "offers.yaml",
            "name: the course",
            f"name: the {'long ' * 12}course",
            "70 characters are too many: write at most 60",
        ),
        (
            "offers.yaml",
            "  name: the course\n",
            "",
            "this key is missing: write it, as 'mentorship' has it",
        ),
        ("experiments.yaml", "stop: null", "stop: 12.10.2026", "write it like 2026-10-12"),
        ("experiments.yaml", "stop: null", "stop: yes", "write it like 2026-10-12"),
    ],
)
def test_a_slip_says_how_it_is_mended(
    spoil: Spoil, file: str, was: str, written: str, said: str
) -> None:
    problems = spoil(file, lambda text: text.replace(was, written, 1))
    assert said in problems[0].message
    assert problems[0].line is not None


def test_an_offer_that_is_renamed_is_told_once_a_file(tmp_path: Path) -> None:
    shutil.copytree(shipped(), tmp_path / "prompts")
    offers = tmp_path / "prompts" / "offers.yaml"
    offers.write_text(offers.read_text().replace("\nmasterclass:", "\nwebinar:"))
    with pytest.raises(PlaybookError) as caught:
        load_playbook(tmp_path / "prompts")
    told = [one for one in caught.value.problems if one.file.startswith("templates/")]
    old, new = told
    assert (old.file, old.message) == (
        "templates/masterclass.yaml",
        "unknown offer 'masterclass': known: course, mentorship, webinar",
    )
    assert new.file == "templates/webinar.yaml"
    assert new.message.startswith("'webinar' has no wording: write 3 or more of each strength")
