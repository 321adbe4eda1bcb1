from tay_middleware.decide.offers import Catalogue, Choice
from tay_middleware.domain import Reason
from tests.decide.rules import a_group, an_offer

GROUPS = {
    "personal": a_group("my business"),
    "strategic": a_group("strategy", reason="strategic"),
    "learning": a_group("learn", reason="technique"),
    "technique": a_group("lace"),
}
OFFERS = {
    "mentorship": an_offer(evidence={"personal": 1.0, "strategic": 0.5, "learning": -0.5}),
    "course": an_offer(
        evidence={"learning": 1.0, "technique": 1.0}, needs=("technique",), reason=Reason.TECHNIQUE
    ),
}


def chosen(**points: float) -> Choice:
    return Catalogue(OFFERS, GROUPS).choose(points)


def test_each_offer_is_scored_on_its_own_evidence() -> None:
    assert chosen(personal=2.0, strategic=1.0, learning=1.0) == Choice(
        scores={"mentorship": 2.0, "course": 0.0}, offer="mentorship", margin=2.0
    )


def test_an_offer_without_what_it_needs_scores_nothing() -> None:
    assert chosen(learning=2.0).offer is None
    assert chosen(learning=2.0, technique=1.0) == Choice(
        scores={"mentorship": -1.0, "course": 3.0}, offer="course", margin=3.0
    )


def test_the_margin_is_the_lead_over_the_second() -> None:
    assert chosen(personal=2.5, technique=2.0).margin == 0.5


def test_a_tie_goes_to_the_first_in_the_catalogue() -> None:
    assert chosen(personal=2.0, technique=2.0).offer == "mentorship"


def test_no_evidence_chooses_nothing() -> None:
    assert chosen() == Choice(scores={"mentorship": 0.0, "course": 0.0}, offer=None, margin=0.0)


def test_the_reason_is_that_of_the_group_that_did_most() -> None:
    catalogue = Catalogue(OFFERS, GROUPS)
    assert catalogue.reason("mentorship", {"strategic": 1.0, "personal": 1.0}) is Reason.STRATEGIC
    assert catalogue.reason("mentorship", {"personal": 1.0}) is Reason.PERSONALIZED_HELP
    assert catalogue.reason("mentorship", {"learning": 9.0}) is Reason.PERSONALIZED_HELP


def test_of_offers_named_the_better_scored_is_meant_then_the_first() -> None:
    catalogue = Catalogue(OFFERS, GROUPS)
    both = {"course", "mentorship"}
    assert catalogue.first_of(both, {"mentorship": 0.0, "course": 1.0}) == "course"
    assert catalogue.first_of(both, {"mentorship": 0.0, "course": 0.0}) == "mentorship"
    assert catalogue.first_of(set(), {}) is None


def test_who_wants_to_learn_wants_a_technique_only_where_one_is_named() -> None:
    groups = GROUPS | {"technique": a_group("lace", reason="technique")}
    teaches = {"learning": 1.0, "strategic": 0.5}
    masterclass = an_offer(evidence=teaches, needs=("strategic",), reason=Reason.STRATEGIC)
    catalogue = Catalogue(OFFERS | {"masterclass": masterclass}, groups)
    found = {"learning": 2.0, "strategic": 1.0, "technique": 0.5}
    assert catalogue.reason("masterclass", found) is Reason.STRATEGIC
    assert catalogue.reason("course", found) is Reason.TECHNIQUE
