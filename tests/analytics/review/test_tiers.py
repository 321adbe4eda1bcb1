"""Whether a tier's own wording pays, with small cells drawn towards the mean."""

from tay_middleware.analytics.review.tiers import Cell, cells, prior_strength, worth_of_tiers


def both(own: tuple[int, int], common: tuple[int, int]) -> list[Cell]:
    return [
        Cell("mentorship", "standard", "vip", True, *own),
        Cell("mentorship", "standard", "vip", False, *common),
    ]


def test_a_wording_that_is_clearly_better_is_called_so() -> None:
    [paid] = worth_of_tiers(both((600, 90), (600, 30)))
    assert paid.words == "its own wording converts better"
    assert paid.own > paid.common
    [other] = worth_of_tiers(both((600, 30), (600, 90)))
    assert other.words == "the wording for all converts better"


def test_a_lucky_cell_of_three_is_drawn_to_the_mean() -> None:
    found = [*both((3, 2), (400, 24)), Cell("course", "gentle", "free", False, 900, 50)]
    [paid] = worth_of_tiers(found)
    assert paid.own < 0.2
    assert paid.words == "not sure yet"


def test_a_tier_without_wording_of_its_own_is_not_judged() -> None:
    assert worth_of_tiers([Cell("course", "gentle", "free", False, 900, 50)]) == ()
    assert worth_of_tiers([]) == ()


def test_cells_that_differ_by_chance_alone_share_one_rate() -> None:
    same = [Cell("course", "gentle", "free", False, 100, hits) for hits in (9, 10, 11, 10)]
    apart = [Cell("course", "gentle", "free", False, 100, hits) for hits in (1, 30, 2, 40)]
    assert prior_strength(same) > 10 * prior_strength(apart)


def test_the_id_of_a_wording_names_its_tier() -> None:
    rows = [
        ("course", "gentle", "vip", "course.gentle.vip.A", 10, 1),
        ("course", "gentle", "vip", "course.gentle.vip.B", 5, 1),
        ("course", "gentle", "vip", "course.gentle.any.A", 7, 0),
        ("course", "", "vip", "odd", 3, 0),
    ]
    assert cells(rows) == [
        Cell("course", "", "vip", False, 3, 0),
        Cell("course", "gentle", "vip", False, 7, 0),
        Cell("course", "gentle", "vip", True, 15, 2),
    ]
