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
