"""Every rule must catch what it is for, in many wordings, and nothing that it is not for."""

import pytest

from tay_middleware.domain import Reason
from tay_middleware.playbook import ConductRules, Playbook, Template, load_playbook
from tay_middleware.playbook.conduct import Violation
from tay_middleware.playbook.mention import readings
from tay_middleware.playbook.wording import fill

TEMPLATES = load_playbook().templates

BAD: dict[str, list[str]] = {
    "urgency": [
        "Only today, babes.",
        "This is your last chance.",
        "Hurry before it's too late.",
        "Don't wait, sign up now.",
        "Doors are closing.",
        "Act fast, this weekend only.",
        "Get in while it's here.",
    ],
    "scarcity": [
        "Only 2 spots left.",
        "There are three places remaining.",
        "It is almost full.",
        "Just a few seats.",
        "It sells out every time.",
    ],
    "social_pressure": [
        "Everyone is joining.",
        "Hundreds of stylists have joined.",
        "Your competitors already have it.",
        "Don't be left behind.",
        "Most of my girls are in there already.",
    ],
    "guilt_fear": [
        "You'll regret it.",
        "What are you waiting for?",
        "You can't afford not to.",
        "You will stay stuck.",
        "You can't grow without it.",
        "Every week you wait costs your salon.",
        "Nobody makes it in this trade without help like that.",
        "You've got this far alone, and look where that got you.",
    ],
    "shaming_no": [
        "If you were serious you would.",
        "Serious owners invest.",
        "You don't want it badly enough.",
    ],
    "outcome_guarantee": [
        "You'll make 10k a month.",
        "I guarantee it works.",
        "Double your income.",
        "It will change your life.",
        "Six figures is normal.",
        "Results in 30 days.",
    ],
    "invented_price": [
        "It is only £49.",
        "Just 99 dollars.",
        "It's a steal.",
        "It pays for itself.",
        "Five hundred a month.",
    ],
    "discount": [
        "There's a discount.",
        "Use the promo code.",
        "20% off.",
        "Early bird tickets.",
        "The first month is on me.",
    ],
    "deadline": [
        "Join by Friday.",
        "The price goes up.",
        "Enrolment closes.",
        "I'm closing the list on Friday.",
    ],
    "false_intimacy": ["I love you babes.", "You're my favourite.", "It's our secret."],
    "offer_as_advice": [
        "My honest advice is to buy it.",
        "You need to join.",
        "The only way forward is this.",
    ],
    "withholding": [
        "I can't tell you that here.",
        "To get the answer you have to pay.",
        "The real answer is in there.",
    ],
    "denies_interest": [
        "I don't earn anything from it.",
        "This isn't an ad.",
        "I'm not trying to sell you anything.",
        "There's nothing in it for me.",
        "It's not about money.",
    ],
    "false_memory": [
        "We talked about this before.",
        "As you told me, it is killing you.",
        "I already put your name down.",
    ],
    "hype": ["Unlock your potential.", "A game-changer.", "Level up, boss babe.", "Life-changing."],
}

FINE = [
    "No rush, and no pressure.",
    "Whenever you're ready, it's there.",
    "Take your time with it.",
    "Every week you write one number down, you see a little more.",
    "Most owners never wrote their numbers down.",
    "It closes the gap between what you charge and what it costs.",
    "Keep it on you while you plan the week.",
    "Last time you asked about lace.",
    "There's no deadline on this, so don't hurry.",
    "It's there for you at your own pace.",
    "It takes as long as it takes.",
    "You can leave it at that.",
]


def test_every_rule_has_bad_examples(playbook: Playbook) -> None:
    assert set(BAD) == set(playbook.voice.conduct.rules)


@pytest.mark.parametrize(
    ("rule", "said"), [(rule, said) for rule, examples in BAD.items() for said in examples]
)
def test_what_a_rule_forbids_is_caught_by_it(playbook: Playbook, rule: str, said: str) -> None:
    assert rule in {violation.rule for violation in playbook.conduct.violations(said)}


@pytest.mark.parametrize("said", FINE)
def test_kind_words_pass(playbook: Playbook, said: str) -> None:
    assert playbook.conduct.violations(said) == ()


def test_everything_on_the_must_pass_list_passes(playbook: Playbook) -> None:
    for phrase in playbook.voice.conduct.must_pass:
        assert playbook.conduct.violations(f"So {phrase}, babes.") == (), phrase


@pytest.mark.parametrize(
    "said",
    ["HURRY", "hur\u200bry", "Don\u2019t wait", "ｈｕｒｒｙ", "do not\u00a0wait"],  # noqa: RUF001 - tricks on purpose
)
def test_tricks_with_characters_do_not_help(playbook: Playbook, said: str) -> None:
    assert playbook.conduct.violations(f"Well, {said}.") != ()


def test_a_violation_quotes_the_text_as_it_stands() -> None:
    rules = ConductRules({"urgency": (r"\bhurry\b",)}, ())
    said = "Now \u200bhur\u200bry, girl."
    assert rules.violations(said) == (Violation("urgency", "hur\u200bry", 5, 11),)


@pytest.mark.parametrize("said", ["It is £500 a month.", "See https://a.example/promo?x=20%25"])
def test_the_catalogues_own_words_break_no_rule(playbook: Playbook, said: str) -> None:
    facts = ("£500 a month", "https://a.example/promo?x=20%25")
    assert playbook.conduct.violations(said) != ()
    assert playbook.conduct.violations(said, facts) == ()


def test_a_price_excuses_no_promise(playbook: Playbook) -> None:
    (broken,) = playbook.conduct.violations("You'll make £500 a month.", ("£500 a month",))
    assert broken.rule == "outcome_guarantee"


@pytest.mark.parametrize("pattern", [r"\bHurry\b", r"\bhurr[x-z]\b", r"\bhurr[!-~]\b", r"\x48urry"])
def test_a_rule_is_of_any_letter_case_however_it_is_written(pattern: str) -> None:
    rules = ConductRules({"urgency": (pattern,)}, ())
    assert [one.quote for one in rules.violations("Now HURRY, hurry.")] == ["HURRY", "hurry"]


def widest(template: Template, playbook: Playbook) -> str:
    return max(readings(template, playbook), key=len)


@pytest.mark.parametrize("rule", BAD)
def test_a_bad_sentence_in_any_wording_is_caught(playbook: Playbook, rule: str) -> None:
    for template in playbook.templates:
        said = f"{widest(template, playbook)} {BAD[rule][0]}"
        assert rule in {one.rule for one in playbook.conduct.violations(said)}, template.id


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.id)
def test_a_wording_reads_well_with_every_topic_and_without_its_pet_name(
    playbook: Playbook, template: Template
) -> None:
    offer = playbook.offers[template.offer]
    nouns = [topic.noun for topic in playbook.topics.values()] + [offer.topic_noun]
    for noun in nouns:
        for pet_name in (template.pet_name or "babes", ""):
            values = {
                "pet_name": pet_name,
                "topic": noun,
                "offer": offer.name,
                "link": str(offer.link),
                "price": "",
            }
            said = fill(template.text, values)
            assert playbook.conduct.violations(said) == ()
            assert offer.name in said.lower()
            assert said[0].isupper()
            assert "$" not in said
            assert "  " not in said
            assert ",," not in said.replace(" ", "")
            assert len(said.split()) <= playbook.voice.max_words


def test_no_two_wordings_are_the_same(playbook: Playbook) -> None:
    assert len({template.text for template in playbook.templates}) == len(playbook.templates)


def test_every_reason_is_explained_honestly(playbook: Playbook) -> None:
    for reason in Reason:
        assert "paid program" in playbook.voice.explanations[reason]
