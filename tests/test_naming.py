import pytest

from tay_middleware import naming


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("My Mentorship is open", True),
        ("a one-to-one, you know", True),
        ("mentorships are many", True),
        ("That's what the mentorship's for.", True),
        ("that is what my one\u2011to\u2011one's for", True),
        ("mentorshipping", False),
        ("", False),
        ("the mentor\nship", False),
    ],
)
def test_a_name_is_found_as_whole_words(text: str, named: bool) -> None:
    assert naming.names_any(text, ("mentorship", "one to one")) is named


def test_a_name_without_words_is_in_nothing() -> None:
    assert not naming.names_any("", ("1:1", ""))


def test_pet_names_are_counted_in_any_case() -> None:
    assert naming.count_words("Babes! girl, BABES; girlfriend", ("babes", "girl")) == 3


def test_the_course_of_time_names_no_course() -> None:
    names = {"course": ("the course", "wig course")}
    assert not naming.names_found("Practise over the course of a month.", names)
    assert naming.names_found("Over the course of a month, take the course.", names) == {"course"}


def test_another_offers_name_within_an_own_one_is_no_name_of_it() -> None:
    names = {
        "course": ("the pricing masterclass",),
        "masterclass": ("the masterclass", "masterclass"),
    }
    assert not naming.others_named("All in the Pricing Masterclass.", names, "course")
    assert naming.others_named("Or in a masterclass.", names, "course") == {"masterclass"}


def test_a_number_belongs_to_a_name() -> None:
    names = {"masterclass": ("Pricing 101",), "mentorship": ("1:1 Time",)}
    assert not naming.names_found("Start with pricing, one hour at a time.", names)
    assert naming.names_found("It's all in Pricing 101.", names) == {"masterclass"}
    assert naming.names_found("Book 1:1 time.", names) == {"mentorship"}
