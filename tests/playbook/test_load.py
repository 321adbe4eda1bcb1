import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tay_middleware.domain import Strength, Tier
from tay_middleware.errors import ConfigurationError, PlaybookError, Problem
from tay_middleware.playbook import Playbook, load_playbook

Spoil = Callable[[str, Callable[[str], str]], list[Problem]]

MENTORSHIP = "templates/mentorship.yaml"


def line_of(directory: Path, name: str, text: str) -> int:
    lines = (directory / name).read_text().splitlines()
    return next(number for number, line in enumerate(lines, start=1) if text in line)


def replaced(old: str, new: str) -> Callable[[str], str]:
    return lambda text: text.replace(old, new, 1)


def test_the_playbook_that_ships_is_sound(playbook: Playbook) -> None:
    assert list(playbook.offers) == ["mentorship", "course", "masterclass"]
    assert len(playbook.templates) >= 81
    assert len(playbook.version) == 16


def test_a_directory_may_be_a_text_and_nothing_but_a_path(directory: Path) -> None:
    assert load_playbook(str(directory)).version == load_playbook(directory).version
    with pytest.raises(PlaybookError):
        load_playbook("nowhere")
    nothing: Any = 3
    with pytest.raises(ConfigurationError, match=r'takes a path: load_playbook\("prompts"\)'):
        load_playbook(nothing)


def test_every_pool_that_can_occur_has_three_wordings_or_more(playbook: Playbook) -> None:
    for offer in playbook.offers:
        for strength in Strength:
            for tier in Tier:
                assert len(playbook.pool(offer, strength, tier)) >= 3


def test_premium_and_vip_have_wordings_of_their_own(playbook: Playbook) -> None:
    for tier in (Tier.PREMIUM, Tier.VIP):
        pool = playbook.pool("mentorship", Strength.STANDARD, tier)
        assert {template.tier for template in pool} == {tier.value}
    assert {t.tier for t in playbook.pool("course", Strength.GENTLE, Tier.FREE)} == {"any"}


@pytest.mark.parametrize(
    ("variant", "opening"),
    [
        ("A", "$pet_name, I can give you a general breakdown"),
        ("B", "For advanced strategies like this"),
        ("C", "This is something we can skim over here"),
    ],
)
def test_the_three_openings_of_the_brief_are_variants(
    playbook: Playbook, variant: str, opening: str
) -> None:
    pool = playbook.pool("mentorship", Strength.STANDARD, Tier.FREE)
    found = next(template for template in pool if template.variant == variant)
    assert found.text.startswith(opening)
    assert variant != "A" or found.pet_name == "babes"


def test_the_version_is_of_the_words_and_not_of_the_line_ends(directory: Path) -> None:
    before = load_playbook(directory).version
    path = directory / "voice.yaml"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert load_playbook(directory).version == before
    path.write_text(path.read_text() + "\n# a remark\n")
    assert load_playbook(directory).version != before


def test_the_owners_readme_is_no_part_of_the_version(directory: Path) -> None:
    before = load_playbook(directory).version
    (directory / "README.md").write_text("other words")
    assert load_playbook(directory).version == before


def test_a_playbook_can_be_pickled(playbook: Playbook) -> None:
    copy = pickle.loads(pickle.dumps(playbook))  # noqa: S301 - our own bytes
    assert copy.version == playbook.version
    assert copy.conduct.violations("Hurry!") == playbook.conduct.violations("Hurry!")


def test_a_directory_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(PlaybookError, match="nowhere: there is no such directory"):
        load_playbook(tmp_path / "nowhere")


def test_an_empty_directory_names_every_missing_file(tmp_path: Path) -> None:
    with pytest.raises(PlaybookError) as caught:
        load_playbook(tmp_path)
    missing = {p.file for p in caught.value.problems if p.message == "the file is missing"}
    assert missing == {
        *("offers.yaml", "indicators.yaml", "gates.yaml", "topics.yaml", "policy.yaml"),
        *("voice.yaml", "classifier.md"),
    }
    assert "templates/" in {problem.file for problem in caught.value.problems}


def test_every_problem_is_told_at_once(directory: Path) -> None:
    for name, old, new in (
        ("offers.yaml", "for_whom:", "for_who:"),
        ("policy.yaml", "declined_days: 14", "declined_days: -1"),
        ("voice.yaml", "max_words: 45", "max_words: many"),
    ):
        path = directory / name
        path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(PlaybookError) as caught:
        load_playbook(directory)
    assert {problem.file for problem in caught.value.problems} == {
        *("offers.yaml", "policy.yaml", "voice.yaml"),
    }


@pytest.mark.parametrize(
    ("name", "old", "new", "field", "said"),
    [
        ("offers.yaml", "topic_noun:", "topik_noun:", "mentorship.topik_noun", "'topic_noun'?"),
        ("policy.yaml", "declined_days:", "declined_day:", "declined_day", "'declined_days'?"),
        ("policy.yaml", "most: 2", "most: two", "cooldown.caps.0.most", "a number is meant"),
        ("policy.yaml", "max_strength: standard", "max_strength: firm", "tiers.free", "gentle"),
        ("voice.yaml", "language: en", "language: English", "language", "two small letters"),
        ("voice.yaml", "language: en", "language: en\nlanguage: fr", "language", "here twice"),
        ("voice.yaml", "max_words: 45", "max_words: &n 45\nmax_sentences: *n", "max_sentences", ""),
        (
            "policy.yaml",
            "paused_offers: []",
            "paused_offers: [mentorshp]",
            "paused_offers",
            "'mentorship'?",
        ),
        (
            "policy.yaml",
            "except_topics: [mindset]",
            "except_topics: [mindst]",
            "repeat.except_topics",
            "'mindset'?",
        ),
        (
            "policy.yaml",
            "paused_templates: []",
            "paused_templates: [x]",
            "paused_templates",
            "unknown wording 'x'",
        ),
    ],
)
def test_a_wrong_entry_is_named_with_line_field_and_mend(
    spoil: Spoil, directory: Path, name: str, old: str, new: str, field: str, said: str
) -> None:
    problems = spoil(name, replaced(old, new))
    found = next(p for p in problems if p.field.startswith(field))
    assert found.file == name
    assert said in found.message
    assert found.line is not None
    near = line_of(directory, name, new.splitlines()[0])
    assert near <= found.line <= near + 1


def test_malformed_yaml_names_its_line(spoil: Spoil) -> None:
    (problem,) = spoil("policy.yaml", lambda _text: "threshold:\n  indicators: [1, 2\nrepeat: {}\n")
    assert (problem.file, problem.line) == ("policy.yaml", 2)
    assert problem.message.startswith("this is not YAML")


def test_an_empty_file_is_said_to_be_empty(spoil: Spoil) -> None:
    (problem,) = spoil("topics.yaml", lambda _text: "# nothing\n")
    assert str(problem) == "topics.yaml: the file is empty"


@pytest.mark.parametrize("name", ["topics.yaml", "offers.yaml"])
def test_a_file_without_entries_says_so(spoil: Spoil, name: str) -> None:
    (problem,) = spoil(name, lambda _text: "{}\n")
    assert str(problem) == f"{name}:1: there are 0 here: write 1 or more"


def test_no_pet_names_at_all_are_named(spoil: Spoil) -> None:
    names = "pet_names: [babes, babe, girl, queen, love, sis, hun]"
    (problem,) = spoil("voice.yaml", replaced(names, "pet_names: []"))
    assert (problem.field, problem.message) == ("pet_names", "there are 0 here: write 1 or more")


def test_a_file_of_another_shape_is_refused(spoil: Spoil) -> None:
    (problem,) = spoil("policy.yaml", lambda _text: "- a\n- list\n")
    assert (problem.file, problem.line) == ("policy.yaml", 1)


def test_a_file_that_is_not_utf8_names_the_line(directory: Path) -> None:
    path = directory / "voice.yaml"
    path.write_bytes(b"persona: >-\n  caf\xe9\n" + path.read_bytes())
    with pytest.raises(PlaybookError) as caught:
        load_playbook(directory)
    (problem,) = caught.value.problems
    assert (problem.line, problem.message) == (
        2,
        "the file is not UTF-8: save it again as UTF-8",
    )


def test_a_file_of_a_megabyte_is_refused(spoil: Spoil) -> None:
    (problem,) = spoil("topics.yaml", lambda text: text + "#" * 1_000_001)
    assert problem.message == "the file is larger than 1,000,000 bytes"


def test_words_that_yaml_would_read_as_something_else_stay_words(directory: Path) -> None:
    path = directory / "offers.yaml"
    path.write_text(
        path.read_text().replace("entitlements: [", "entitlements: [no, on, 1:1, 2026-01-01, ", 1)
    )
    entitlements = load_playbook(directory).offers["mentorship"].entitlements
    assert entitlements[:4] == ("no", "on", "1:1", "2026-01-01")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Ask $user_name about $offer.", "unknown placeholder $user_name"),
        ("It costs $ 5 to ask about $offer.", "a lone '$'"),
        ("It is all in $Offers, whenever you like.", "placeholder $Offers: did you mean $offer?"),
        ("Hurry, $offer is for you.", "breaks the conduct rule 'urgency'"),
        ("Only 2 spots left in $offer.", "breaks the conduct rule 'scarcity'"),
        ("$offer will make you rich, whenever you like.", "breaks the conduct rule"),
        ("$offer is what you need to hear about!! Really.", "exclamation marks in a row"),
        ("THIS IS VERY GOOD and called $offer, whenever you like.", "shouts in capitals"),
        ("One. Two. Three about $offer.", "has 3 sentences; at most 2"),
        ("word " * 50 + "about $offer.", "words when filled in; at most 45"),
        ("$pet_name, so $pet_name, and $pet_name, $offer is there.", "uses 3 pet names; at most 2"),
        ("Babes, $offer is there.", "the pet name 'Babes' can never vanish: write $pet_name"),
        ("There is $topic beyond a chat, whenever you like.", "does not name its offer"),
        ("$offer is there, and so is a masterclass.", "names another offer, 'masterclass'"),
        ("$offer is there, whenever you like 💛", "does not end like a sentence"),
        ("$offer is there: https://tay.example/old-page", "a link that is not the catalogue's"),
        ("$offer is there whenever you like", "does not end like a sentence"),
        ("It is at $link, whenever you like $offer.", "a gentle wording names no next step"),
        ("It is $price for $offer, whenever you like.", "the offer 'mentorship' has no price"),
        ("A hidden\u200b mark in $offer.", "holds a hidden character"),
    ],
)
def test_an_unfit_wording_is_refused_with_its_line(
    spoil: Spoil, directory: Path, text: str, said: str
) -> None:
    old = "Most of this comes down to details only you have."
    at = line_of(directory, MENTORSHIP, old)

    def change(content: str) -> str:
        lines = content.splitlines()
        lines[at - 1] = f'      C: "{text}"'
        return "\n".join(lines) + "\n"

    problems = spoil(MENTORSHIP, change)
    assert [(problem.file, problem.line) for problem in problems] == [(MENTORSHIP, at)]
    assert said in problems[0].message
    assert problems[0].field.startswith("wordings.gentle.any.C")


def test_a_pet_name_that_is_nobodys_is_refused(spoil: Spoil) -> None:
    problems = spoil(MENTORSHIP, replaced("pet_name: babes", "pet_name: honeybun"))
    assert "the pet name 'honeybun' is not in voice.yaml's pet_names" in problems[0].message


def test_a_wording_for_an_unknown_offer_is_refused(spoil: Spoil) -> None:
    problems = spoil(MENTORSHIP, replaced("offer: mentorship", "offer: mentorships"))
    assert "unknown offer 'mentorships': did you mean 'mentorship'?" in problems[0].message


def test_a_pool_that_is_too_small_is_named(spoil: Spoil) -> None:
    first = "no two people work alike."

    def change(text: str) -> str:
        return "\n".join(line for line in text.splitlines() if first not in line) + "\n"

    (problem,) = spoil(MENTORSHIP, change)
    assert problem.message == "2 wordings for vip users; write 3 or more"
    assert problem.field == "wordings.gentle.vip"


def test_a_pool_without_weight_is_named(spoil: Spoil) -> None:
    def change(text: str) -> str:
        head, tail = text.split("    vip:\n", 1)
        first, rest = tail.split("\n\n", 1)
        silent = [
            f"      {line.strip()[0]}: {{text: {line.strip()[3:]}, weight: 0}}"
            for line in first.splitlines()
        ]
        return f"{head}    vip:\n" + "\n".join(silent) + f"\n\n{rest}"

    (problem,) = spoil(MENTORSHIP, change)
    assert problem.message == "every weight is 0: nobody could get a wording"


def test_a_stage_agrees_by_groups_that_there_are(spoil: Spoil) -> None:
    problems = spoil("policy.yaml", replaced("agreed_by: [personal, ", "agreed_by: [personnal, "))
    assert problems[0].field == "cascade.scorer.agreed_by.0"
    assert "did you mean 'personal'?" in problems[0].message


def test_evidence_of_an_unknown_group_is_refused_with_a_guess(spoil: Spoil) -> None:
    problems = spoil("offers.yaml", replaced("evidence: {", "evidence: {personnal: 1, "))
    assert "unknown group 'personnal': did you mean 'personal'?" in problems[0].message


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("'(a+)+b'", "repeats a repetition"),
        ("'(unclosed'", "is no pattern"),
        ("'(?i)hurry'", "stand beside other patterns"),
        ("'(?P<word>hurry) (?P=word)'", "stand beside other patterns"),
        (r"'(hurry) \1'", "stand beside other patterns"),
        (f"'{'x' * 1001}'", "longer than"),
    ],
)
def test_a_dangerous_or_broken_rule_is_refused(spoil: Spoil, pattern: str, said: str) -> None:
    problems = spoil("voice.yaml", replaced("    urgency:\n", f"    urgency:\n      - {pattern}\n"))
    assert said in problems[0].message
    assert problems[0].file == "voice.yaml"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text + " $offer", "did you mean 'offers'?"),
        (lambda text: text + " 5 $ more", "write '$$'"),
    ],
)
def test_the_classifiers_instruction_may_ask_for_three_things_only(
    spoil: Callable[..., list[Problem]], change: Callable[[str], str], message: str
) -> None:
    (problem,) = spoil("classifier.md", change)
    assert problem.file == "classifier.md"
    assert message in problem.message
