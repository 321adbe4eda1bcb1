"""What an address says and a page cannot read is told on the page."""

import pytest

from tests.web.dashboard.stage import Visitor, text_of


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"tier": "gold"}, "tier: there is no 'gold'"),
        ({"since": "soon"}, "since: 'soon' is no day such as 2026-11-23"),
        ({"until": "9999-01-01"}, "until: '9999-01-01' is no day"),
        ({"before": "x"}, "before: this is no place in the list"),
        ({"offer": "nope"}, "offer: there is no 'nope', nor any mention of it"),
        ({"template": "nope"}, "template: there is no 'nope', nor any mention in it"),
        ({"since": "2026-11-02", "until": "2026-11-01"}, "until: this day is before the first"),
        ({"ofer": "course"}, "ofer: this page has no such choice"),
    ],
)
def test_a_filter_that_cannot_be_is_told_and_passed_over(
    robin: Visitor, query: dict[str, str], said: str
) -> None:
    page = robin.page("/escalations", **query)
    assert said in text_of(page)
    assert '<ol class="rows">' in page
    if "before" not in query:
        refused = robin.get("/escalations.csv", **query)
        assert (refused.status_code, said in text_of(refused.text)) == (422, True)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/payments?view=all", "view: there is no 'all'"),
        ("/audit?action=dance", "action: there is no 'dance'"),
        ("/experiments?only=holdout", "only: this page has no such choice"),
        ("/escalations?offer=course&offer=mentorship", "offer: it is given more than once"),
    ],
)
def test_what_a_page_does_not_read_in_its_address_is_told(
    robin: Visitor, path: str, said: str
) -> None:
    assert said in text_of(robin.client.get(f"{robin.served.url}{path}").text)
