import pytest

from tay_middleware.decide.reading import Reader
from tay_middleware.decide.weigh import Scale, Weighed
from tay_middleware.playbook.evidence import Indicators
from tests.decide.rules import SmallRules, a_group, some_indicators


def weighed(question: str, **changes: object) -> Weighed:
    indicators: Indicators = some_indicators(**changes)
    reading = Reader(SmallRules(indicators=indicators)).read(question)
    return Scale(indicators).weigh(reading)


def found(question: str, **changes: object) -> list[tuple[str, float]]:
    return [(one.phrase, one.weight) for one in weighed(question, **changes).indicators]


def test_every_phrase_has_its_place_and_what_it_added() -> None:
    indicators = weighed("A strategy for My Business?").indicators
    assert [(one.group, one.start, one.end, one.weight) for one in indicators] == [
        ("strategic", 2, 10, 1.0),
        ("personal", 15, 26, 1.0),
    ]


@pytest.mark.parametrize(
    ("question", "weight"),
    [
        ("not a strategy", 0.0),
        ("don't give me a strategy", 0.0),
        ("don't give me a whole strategy", 1.0),
        ("not now, a strategy", 1.0),
        ("not this. strategy", 1.0),
        ("not this\nstrategy", 1.0),
        ("strategy, not tips", 1.0),
        ("do not strategy", 0.0),
    ],
)
def test_a_negator_reaches_four_words_within_its_clause(question: str, weight: float) -> None:
    assert found(question) == [("strategy", weight)]


def test_the_nearest_negator_decides() -> None:
    assert found("not that and then again and again but a strategy") == [("strategy", 1.0)]


def test_a_group_may_be_beyond_negation() -> None:
    groups = {"trouble": a_group("no sales", negatable=False), "strategic": a_group("strategy")}
    assert found("not that no sales", groups=groups) == [("no sales", 1.0)]


def test_a_negator_inside_an_indicator_negates_nothing_else() -> None:
    groups = {"trouble": a_group("no sales", negatable=False), "strategic": a_group("strategy")}
    negators = ("no", "not")
    assert found("no sales no strategy", groups=groups, negators=negators) == [
        ("no sales", 1.0),
        ("strategy", 0.0),
    ]
    assert found("no sales with strategy", groups=groups, negators=negators) == [
        ("no sales", 1.0),
        ("strategy", 1.0),
    ]


def test_one_wording_counts_once_however_often_it_stands_there() -> None:
    weighed_ = weighed("strategy " * 300)
    assert weighed_.points == {"strategic": 1.0}
    assert weighed_.wordings == {"strategic": 1}
    assert len(weighed_.indicators) == 1


def test_a_negated_wording_counts_where_it_is_said_again_without_negation() -> None:
    indicators = weighed("not a strategy. a strategy").indicators
    assert [(one.start, one.weight) for one in indicators] == [(18, 1.0)]


def test_a_group_adds_at_most_its_cap() -> None:
    groups = {"strategic": a_group("strategy", "audit", "plan", weight=1.0, cap=1.5)}
    assert found("strategy audit plan", groups=groups) == [
        ("strategy", 1.0),
        ("audit", 0.5),
        ("plan", 0.0),
    ]


def test_one_stretch_of_text_is_evidence_once_for_what_weighs_most() -> None:
    groups = {
        "whole": a_group("audit my pricing plan", weight=1.5),
        "halves": a_group("audit my", "pricing plan", weight=1.0),
    }
    assert found("audit my pricing plan", groups=groups) == [
        ("audit my", 1.0),
        ("audit my pricing plan", 0.0),
        ("pricing plan", 1.0),
    ]


def test_of_equal_weights_the_longer_phrase_counts() -> None:
    groups = {"a": a_group("pricing"), "b": a_group("pricing plan")}
    assert found("pricing plan", groups=groups) == [("pricing", 0.0), ("pricing plan", 1.0)]


def test_context_leaves_its_words_to_other_phrases() -> None:
    groups = {"review": a_group("audit [my]"), "personal": a_group("my pricing")}
    assert found("audit my pricing", groups=groups) == [("audit", 1.0), ("my pricing", 1.0)]


def test_an_exception_takes_away_what_it_overlaps() -> None:
    groups = {"personal": a_group("my business", **{"except": ["my business card~"]})}
    assert found("my business cards and my business", groups=groups) == [("my business", 1.0)]
    assert found("my business cards", groups=groups) == []


def test_dampers_take_points_up_to_their_cap_unless_something_stands_beside_them() -> None:
    damper = {"phrases": ("quick", "just", "caption"), "weight": 0.5, "cap": 1.0}
    assert weighed("quick, just a caption", dampers={"asks": damper}).taken == 1.0
    assert weighed("quick quick", dampers={"asks": damper}).taken == 0.5
    assert weighed("not a quick one", dampers={"asks": damper}).taken == 0.0
    spared = {**damper, "unless": ("personal",)}
    assert weighed("quick, my business", dampers={"asks": spared}).taken == 0.0
    assert weighed("quick", dampers={"asks": spared}).taken == 0.5
