"""Edits of somebody who has never written YAML: each fault names its line and its mend."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from tay_middleware.playbook.document import Document, read_document
from tay_middleware.playbook.load import Offers, version_of
from tay_middleware.playbook.mends import problems_of
from tay_middleware.playbook.schema import Policy, Wordings
from tay_middleware.playbook.strays import strays

WORDS = """\
offer: course
wordings:
  gentle:
    any:
      A: "There is $offer, if you like."
      B: "There is always $offer, if you like."
      C: {text: "And $offer is there.", weight: 2}
"""
OFFER = """\
course:
  name: the course
  for_whom: Somebody who learns.
  evidence: {learning: 1}
  reason: technique
  topic_noun: the technique
"""
POLICY = "tiers:\n  free: {}\n  premium: {}\n  vip: {}\ndeclined_days: 14\n"
B = '      B: "There'


def told(path: Path, text: str, shape: Any) -> list[tuple[int | None, str]]:
    """What is said of a file that has this text, with the lines."""
    path.write_text(text, encoding="utf-8")
    found = read_document(path, path.name)
    if isinstance(found, Document):
        try:
            TypeAdapter(shape).validate_python(found.value)
        except ValidationError as error:
            found = list(problems_of(found, error, shape))
        else:
            return []
    return [(one.line, one.message) for one in found]


@pytest.mark.parametrize(
    ("old", "new", "line", "mend"),
    [
        (B, f" {B}", 6, "too many or too few blanks"),
        (B, B[1:], 6, "too many or too few blanks"),
        (B, B.replace("      ", "\t\t\t"), 6, "a tab stands at the beginning"),
        (B, B.replace("      ", "\u00a0" * 6), 6, "type plain ones"),
        ('"There is always', '"There is "always"', 6, "write ' there"),
        ('if you like."\n      B', "if you like.\n      B", 5, 'one " is missing in this line'),
        (B, "      B: \u201cSee: there", 6, "word processor"),
        ('"There is always $offer, if you like."', "See: $offer", 6, "in double quotes"),
        ('"There is always $offer, if you like."', "'That's $offer.'", 6, "in double ones"),
        ('"There is always $offer, if you like."', "It is $offer. #1 pick", 6, "behind '#'"),
        ("weight: 2}", "weight: 2", 7, "write } at the end"),
        ("      B:", "      -", 6, "too many or too few blanks"),
    ],
)
def test_what_is_no_yaml_names_the_line_of_the_slip(
    tmp_path: Path, old: str, new: str, line: int, mend: str
) -> None:
    assert WORDS.count(old) == 1
    ((at, said),) = told(tmp_path / "a.yaml", WORDS.replace(old, new), Wordings)
    assert (at, mend in said) == (line, True), said


@pytest.mark.parametrize(
    ("old", "new", "mend"),
    [
        ("gentle:", "gentel:", "unknown here: 'gentel': did you mean 'gentle'?"),
        ("    any:", "    premum:", "did you mean 'premium'?"),
        ("      B:", "      B.2:", "'B.2' is no name of a wording"),
        (f'{B} is always $offer, if you like."', "      B:", "nothing stands here"),
        (B, "      B: There", 'one " is missing'),
        (
            '"There is always $offer, if you like."',
            "\u201c$offer is there.\u201d",
            "straight quotation marks",
        ),
        ("weight: 2", "weight: 500", "500 is out of bounds: write at most 100"),
        ("weight: 2", "weight: double", "a number is meant here"),
    ],
)
def test_what_a_wording_does_not_take_is_mended(
    tmp_path: Path, old: str, new: str, mend: str
) -> None:
    assert WORDS.count(old) == 1
    ((at, said), *_) = told(tmp_path / "a.yaml", WORDS.replace(old, new), Wordings)
    assert at is not None
    assert mend in said


@pytest.mark.parametrize(
    ("text", "shape", "mend"),
    [
        (OFFER.replace("course:", "Wig Retreat:"), Offers, "write wig_retreat"),
        (OFFER.replace("course:", "f\u00f6rderung:"), Offers, "write forderung"),
        (OFFER.replace("the course", "\u201cthe course\u201d"), Offers, "straight"),
        (OFFER.replace("  name: the", "  name the"), Offers, "this line has no colon"),
        (OFFER.replace("  name: the", "  name:the"), Offers, "a blank is missing behind the colon"),
        (f"{POLICY}paused_offers: course\n", Policy, "write [course]"),
        (f"{POLICY}paused_offers: - course\n", Policy, "write the list as [course]"),
        (f"{POLICY}budget: {{max_share: 15%}}\n", Policy, "write 0.15"),
        (f"{POLICY}budget: {{max_share: 15}}\n", Policy, "15 % is written 0.15"),
        (POLICY.replace("14", "1,5"), Policy, "write 1.5, with a point"),
        (POLICY.replace("14", "2 weeks"), Policy, "in the unit that the key names"),
        (f"{POLICY}cascade: {{learned: maybe}}\n", Policy, "write true or false"),
    ],
)
def test_slips_in_other_files_are_mended(
    tmp_path: Path, text: str, shape: object, mend: str
) -> None:
    ((at, said),) = told(tmp_path / "a.yaml", text, shape)
    assert at is not None
    assert mend in said


def test_what_people_write_without_harm_is_read(tmp_path: Path) -> None:
    written: list[Callable[[str], str]] = [
        lambda text: f"\ufeff{text}",
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("always", "schön 💛 \u2018so\u2019"),
        lambda text: text.replace("is always", "is\n        always"),
        lambda text: f"{text}      D: There is $offer.  \n      # a remark\n",
    ]
    for change in written:
        path = tmp_path / "a.yaml"
        path.write_bytes(change(WORDS).encode())
        found = read_document(path, "a.yaml")
        assert isinstance(found, Document)
        TypeAdapter(Wordings).validate_python(found.value)


def test_a_byte_order_mark_makes_no_new_version(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(WORDS)
    before = version_of(tmp_path)
    (tmp_path / "a.yaml").write_text(WORDS, encoding="utf-8-sig")
    assert version_of(tmp_path) == before


def test_a_second_ending_is_told_where_the_file_is_missing(tmp_path: Path) -> None:
    (tmp_path / "experiments.yaml.txt").write_text("")
    (problem,) = strays(tmp_path)
    assert str(problem) == "experiments.yaml.txt: nobody reads this file: call it experiments.yaml"
    (tmp_path / "experiments.yaml").write_text("")
    assert list(strays(tmp_path)) == []
