"""Slips of the hand that would reach a customer, and what the check says of them."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from tay_middleware.playbook.document import read_document
from tay_middleware.playbook.evidence import Topic
from tay_middleware.playbook.wording import check_placeholders


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("We go deeper in the $offer, if you like.", "'the' before \\$offer"),
        ("We go deeper in my $offer, if you like.", "'my' before \\$offer"),
        ("$topic always needs a second look in $offer.", "no subject"),
        ("When $topic keeps you up, there's $offer.", "no subject"),
        ("We go deeper in $Offer, if you like.", "write \\$offer"),
        ("We go deeper in $offers, if you like.", "did you mean \\$offer\\?"),
        ("We go deeper in $offer for $80, if you like.", "write \\$price here"),
        ("It is $pet_name's way, and $offer has it.", "'s behind \\$pet_name"),
        ('"We go deeper in $offer, if you like."', "would be said"),
    ],
)
def test_a_slip_in_a_wording_is_told_with_its_mend(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        check_placeholders(text)


@pytest.mark.parametrize(
    "text",
    [
        "The trouble with $topic is in the details, and $offer is for those.",
        "We go deeper on $topic in $offer, whenever you like.",
        "It is $$5, no: $offer.",
        "There's an order that $offer gives you.",
        '"I need clients" is what I hear most, and my answer to it is "$offer"',
    ],
)
def test_plain_wordings_pass(text: str) -> None:
    assert check_placeholders(text) == text


@pytest.mark.parametrize("noun", ["how to hire people.", "a team", "her staff"])
def test_a_noun_that_breaks_a_sentence_is_refused(noun: str) -> None:
    with pytest.raises(ValidationError, match="middle of a sentence"):
        Topic(noun=noun, phrases=("hiring",))


def test_an_unquoted_colon_is_told_with_its_mend(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("Z: Since you ask: it is there\n", encoding="utf-8")
    found = read_document(tmp_path / "a.yaml", "a.yaml")
    assert isinstance(found, list)
    assert "double quotes" in found[0].message


def line_and_mend(place: Path, text: str) -> tuple[int | None, str]:
    place.write_text(text, encoding="utf-8")
    found = read_document(place, place.name)
    assert isinstance(found, list)
    return found[0].line, found[0].message.removeprefix("this is not YAML: ")


@pytest.mark.parametrize(
    ("text", "line", "mend"),
    [
        ('A: "One."\nB:\u00a0"Two."\nC: "Three."\n', 2, "a blank that is none"),
        ('A: "One."\nB: @babes, that is it.\n', 2, "that begins with @ in double quotes"),
        ('A: "One."\nB: {text: @babes, that is it.}\n', 2, "that begins with @ in double quotes"),
        ('A: "One."\nB: & then some.\n', 2, "that begins with & in double quotes"),
        ('A: "One."\nB: *Order* is all.\n', 2, "that begins with * in double quotes"),
        ('A: "One."\nB: `Order` is all.\n', 2, "that begins with ` in double quotes"),
        ('A: "One."\n<<<<<<< HEAD\nB: "Two."\n', 2, "a merge that is not done"),
        ('A: "One."\nB: ["Two."]]\n', 2, "one ] is too many: take it out"),
        ('A: "One."\n"B" "Two."\n', 3, "in this line or the one above it a colon"),
        ('A: "One."\nB: "Two\\q."\n', 2, "a backslash in double quotes is written twice"),
        ('A: "One."\n---\nB: "Two."\n', 2, "begins another file: take it out"),
        ('A: "One."\nB: {text: "Two." pet_name: sis}\n', 2, "a comma is missing here"),
        ('A: "One."\nB: Two\x07.\n', 2, "a control character stands in this line"),
        ('A: "Ça 💛💛."\nB: Two\x07.\nC: "Three."\nD: "Four."\n', 2, "a control character stands"),
    ],
)
def test_what_no_parser_takes_is_told_with_its_mend(
    tmp_path: Path, text: str, line: int, mend: str
) -> None:
    told = line_and_mend(tmp_path / "a.yaml", text)
    assert told[0] == line
    assert mend in told[1]


@pytest.mark.parametrize("text", ["A: >-\n  One.\n", "A: |\n  One.\n", 'A: "*One.*"\n'])
def test_what_a_parser_takes_is_no_slip(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.yaml").write_text(text, encoding="utf-8")
    assert not isinstance(read_document(tmp_path / "a.yaml", "a.yaml"), list)
