"""Who has no token, in a file of its own: a limit that is used up is so for the whole file."""

from tests.web.stage import LIST, Site


def test_a_stranger_with_wrong_tokens_is_stopped_and_locks_nobody_out(
    site: Site, admin: dict[str, str]
) -> None:
    wrong = {"authorization": f"Bearer tay_{'0' * 12}_{'0' * 64}"}
    statuses = [site.client.get(LIST, headers=wrong).status_code for _ in range(40)]
    assert set(statuses) == {401, 429}
    assert statuses == sorted(statuses)
    assert site.client.get(LIST, headers=admin).status_code == 200
