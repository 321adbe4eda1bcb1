"""Signing in and out: what a session is, and what no other site can do with it."""

import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select

from tay_middleware.storage.desk import audit, tokens
from tay_middleware.storage.desk.tables import dashboard_sessions
from tay_middleware.storage.desk.tokens import Scope
from tay_middleware.web.dashboard.visitors import COOKIE, IDLE, LIFETIME, proof_of
from tests.web.dashboard.stage import MONDAY, ROOT, Served, Visitor, proof_in, text_of

PAGES = (
    *("/", "/escalations", "/escalations.csv", "/experiments", "/playbook", "/payments"),
    *("/review", "/review/2026-W45", "/audit"),
)
SOME_ID = "01958a2e-7c00-7000-8000-000000000001"
WRITES = {
    f"/escalations/{SOME_ID}/mark": {"converted": "yes"},
    f"/escalations/{SOME_ID}/note": {"words": "hm"},
    f"/escalations/{SOME_ID}/label": {"label": "right"},
    f"/payments/purchases/{SOME_ID}/assign": {"to": "dismiss"},
    f"/payments/deliveries/{SOME_ID}/replay": {},
    "/payments/dead/replay": {},
    "/playbook/pause": {"name": "course", "reason": "odd"},
    "/playbook/resume/course": {},
}


@pytest.fixture
def outsider(served: Served) -> Visitor:
    return Visitor(served)


@pytest.fixture(autouse=True)
def _time_stands(served: Served) -> Iterator[None]:
    yield
    served.clock.now = MONDAY


@pytest.mark.parametrize("path", PAGES)
def test_nobody_sees_a_page_without_signing_in_and_is_led_back_after_it(
    served: Served, path: str
) -> None:
    visitor = Visitor(served)
    answer = visitor.get(path, period="7")
    assert answer.status_code == 303
    door = answer.headers["location"]
    assert door.startswith(f"{ROOT}/login")
    form = visitor.client.get(f"{served.origin}{door}")
    assert "Admin token" in form.text
    wanted = form.text.partition('name="to" value="')[2].partition('"')[0]
    back = visitor.sign_in(served.token(*Scope), to=wanted)
    expected = f"{ROOT}{path}?period=7" if path != "/" else f"{ROOT}/"
    assert back.headers["location"] == expected


@pytest.mark.parametrize(
    "token", ["", "tay_", "not a token", "tay_0123456789ab_" + "0" * 64, "täy_x_y"]
)
def test_a_wrong_token_opens_nothing_and_is_not_repeated(outsider: Visitor, token: str) -> None:
    answer = outsider.sign_in(token)
    assert answer.status_code == 401
    assert "That is no token of ours" in text_of(answer.text)
    assert not token or token not in answer.text
    assert COOKIE not in outsider.client.cookies


def test_without_the_cookie_of_the_form_no_proof_signs_anybody_in(
    served: Served, outsider: Visitor
) -> None:
    form = {"token": served.token(Scope.READ), "to": ""}
    assert outsider.send("/login", form, proof=proof_of("")).status_code == 403
    assert COOKIE not in outsider.client.cookies


@pytest.mark.parametrize("scope", [Scope.FEEDBACK, Scope.WRITE, Scope.EXPORT])
def test_a_token_that_may_not_read_opens_nothing(
    served: Served, outsider: Visitor, scope: Scope
) -> None:
    answer = outsider.sign_in(served.token(scope))
    assert (answer.status_code, COOKIE in outsider.client.cookies) == (403, False)


def test_the_cookie_is_for_these_pages_and_for_no_script(served: Served, outsider: Visitor) -> None:
    answer = outsider.sign_in(served.token(Scope.READ))
    cookie = next(one for one in answer.headers.get_list("set-cookie") if COOKIE in one)
    flags = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert {"httponly", "samesite=strict", f"path={ROOT}"} <= flags
    assert f"max-age={int(LIFETIME.total_seconds())}" in flags
    assert "secure" not in flags  # plain http, on loopback
    secret = outsider.client.cookies[COOKIE]
    kept = served.ask(lambda tx: list(tx.execute(select(dashboard_sessions.c.id)).scalars()))
    assert secret not in kept


def test_signing_out_ends_the_session_and_not_only_the_cookie(served: Served) -> None:
    visitor = served.visitor(Scope.READ)
    secret = visitor.client.cookies[COOKIE]
    answer = visitor.send("/logout", {})
    assert answer.headers["location"] == f"{ROOT}/login?done=out"
    assert COOKIE not in visitor.client.cookies
    copy = Visitor(served)
    copy.client.cookies.set(COOKIE, secret)
    assert copy.get("/").status_code == 303


def test_a_revoked_token_takes_its_sessions_with_it(served: Served) -> None:
    visitor, token = Visitor(served), served.token(Scope.READ)
    visitor.sign_in(token)
    assert visitor.get("/review").status_code == 200
    served.change(tokens.revoke, token.split("_")[1], served.clock())
    assert visitor.get("/review").status_code == 303


@pytest.mark.parametrize(
    ("steps", "status"),
    [
        ((IDLE - timedelta(minutes=1),) * 2, 200),
        ((IDLE + timedelta(minutes=1),), 303),
        ((IDLE - timedelta(minutes=1),) * 4 + (timedelta(minutes=10),), 303),
    ],
    ids=["used", "idle", "a day"],
)
def test_a_session_ends_by_idleness_and_by_the_end_of_a_day(
    served: Served, steps: tuple[timedelta, ...], status: int
) -> None:
    visitor = served.visitor(Scope.READ)
    answers = []
    for step in steps:
        served.clock.now += step
        answers.append(visitor.get("/review").status_code)
    assert answers == [200] * (len(steps) - 1) + [status]


@pytest.mark.parametrize(
    "to",
    [
        *("//evil.example", "https://evil.example", "\\\\evil.example", "javascript:alert(1)"),
        *("/\\evil.example", "https:evil.example", "\x01//evil.example", "a\nb"),
    ],
)
def test_nobody_is_led_to_another_site(served: Served, to: str) -> None:
    answer = Visitor(served).sign_in(served.token(Scope.READ), to=to)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith(f"{ROOT}/")
    assert not answer.headers["location"].startswith("//")


@pytest.mark.parametrize("path", WRITES)
@pytest.mark.parametrize("how", ["no proof", "another's proof", "another site", "a link"])
def test_another_site_can_change_nothing(
    served: Served, robin: Visitor, reader: Visitor, path: str, how: str
) -> None:
    before = len(served.ask(audit.page, limit=1000))
    form, kind = dict(WRITES[path]), {}
    proof = "" if how == "no proof" else None
    if how == "another's proof":
        proof = proof_in(reader.page("/playbook"))
    if how == "another site":
        kind = {"sec-fetch-site": "cross-site"}
    answer = (
        robin.get(path, **form) if how == "a link" else robin.send(path, form, proof=proof, **kind)
    )
    assert answer.status_code in ({404, 405} if how == "a link" else {403})
    assert len(served.ask(audit.page, limit=1000)) == before


@pytest.mark.parametrize("path", WRITES)
def test_who_may_only_look_changes_nothing(served: Served, reader: Visitor, path: str) -> None:
    before = len(served.ask(audit.page, limit=1000))
    answer = reader.send(path, WRITES[path])
    assert answer.status_code == 403
    assert "scope write" in text_of(answer.text)
    assert len(served.ask(audit.page, limit=1000)) == before


def test_who_may_only_look_is_shown_no_way_to_change_and_cannot_export(reader: Visitor) -> None:
    listed = reader.page("/escalations")
    assert "Download as CSV" not in listed
    assert reader.get("/escalations.csv").status_code == 403
    for path in (*PAGES[3:], _first_mention(listed)):
        forms = reader.page(path).split("<form")[1:]
        actions = {form.partition('action="')[2].partition('"')[0] for form in forms}
        allowed = {"/logout", "/playbook/try#try", "/audit"}
        assert actions <= {f"{ROOT}{one}" for one in allowed}


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "multipart/form-data"])
def test_only_a_form_is_a_form(robin: Visitor, kind: str) -> None:
    answer = robin.client.post(
        "/playbook/pause", content=b'{"name": "course"}', headers={"content-type": kind}
    )
    assert answer.status_code == 415


def test_a_form_has_an_end(robin: Visitor) -> None:
    many = {f"field{number}": "x" for number in range(60)}
    assert robin.send("/playbook/try", many).status_code == 422
    huge = robin.send("/playbook/try", {"question": "x" * 70_000})
    assert huge.status_code == 413


def test_guessing_is_slowed_down_and_a_good_token_still_opens(alone: Served) -> None:
    visitor = Visitor(alone)
    begun, answers = time.monotonic(), [401]
    while answers[-1] == 401 and len(answers) < 60:
        answers.append(visitor.sign_in("tay_nonsense").status_code)
    # Where a minute ends meanwhile, so many of the 30 count no more as of it have passed.
    passed = (time.monotonic() - begun) / 60
    assert answers[-1] == 429
    assert 30 <= len(answers[1:-1]) <= 30 + 30 * passed + 1
    assert visitor.sign_in(alone.token(Scope.READ)).status_code == 303


def _first_mention(listed: str) -> str:
    return (
        "/escalations/"
        + listed.partition(f'class="ask"><a href="{ROOT}/escalations/')[2].partition('"')[0]
    )
