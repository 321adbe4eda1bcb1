"""The classifier with its transport mocked: what is sent, what is logged, what is never done."""

import asyncio
import json
import logging
import subprocess
import sys
from dataclasses import replace
from typing import Any

import httpx
import pytest
import respx

from tay_middleware.decide.classify import Answer, Classifier, Verdict
from tay_middleware.decide.classify.outcome import CallFailed
from tay_middleware.decide.classify.server import Address, OpenAIServer, retry_after_seconds
from tay_middleware.domain import Message, Reason
from tay_middleware.errors import ConfigurationError
from tay_middleware.playbook import Playbook
from tay_middleware.settings import Settings, load_settings
from tests.decide.asked import QUESTION, asked, at_work, knobs

URL = "https://llm.example/v1"
CHAT = f"{URL}/chat/completions"


def completion(content: str = '{"offer": "mentorship", "reason": "strategic"}') -> dict[str, Any]:
    message = {"role": "assistant", "content": content}
    return {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}


def body(route: respx.Route) -> dict[str, Any]:
    return dict(json.loads(route.calls.last.request.content))


def test_no_model_no_classifier(playbook: Playbook) -> None:
    assert Classifier.from_settings(load_settings(), playbook) is None


def test_a_model_without_a_key_is_told_at_once(
    playbook: Playbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(ConfigurationError, match="OPENAI_API_KEY"):
        Classifier.from_settings(load_settings(classifier_model="m"), playbook)


def test_an_offer_called_none_is_told_at_once(playbook: Playbook) -> None:
    spoilt = replace(playbook, offers={"none": playbook.offers["course"]})
    with pytest.raises(ConfigurationError, match="rename that offer"):
        Classifier.from_settings(knobs(URL, "m"), spoilt)


@pytest.mark.parametrize(
    ("own", "usual", "expected"),
    [("sk-own", "sk-usual", "sk-own"), (None, "sk-usual", "sk-usual"), (" sk-own\n", "", "sk-own")],
)
def test_the_usual_key_stands_in_for_our_own(
    monkeypatch: pytest.MonkeyPatch, own: str | None, usual: str, expected: str
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", usual)
    if own is not None:
        monkeypatch.setenv("TAY_CLASSIFIER_API_KEY", own)
    settings = load_settings()
    assert settings.classifier_key == expected
    assert expected not in repr(settings)


def test_the_request_holds_the_enum_and_the_question_as_data(
    httpx2_mock: respx.Router, playbook: Playbook
) -> None:
    route = httpx2_mock.post(CHAT).respond(json=completion())
    settings = knobs(URL, "m", classifier_extra_body={"reasoning_effort": "low"})
    (answer,) = asked(settings, playbook, QUESTION)
    assert route.called
    assert answer.verdict == Verdict("mentorship", Reason.STRATEGIC)
    sent = body(route)
    schema = sent["response_format"]["json_schema"]["schema"]
    assert schema["properties"]["offer"]["enum"] == [*playbook.offers, "none"]
    assert schema["additionalProperties"] is False
    assert [message["role"] for message in sent["messages"]] == ["system", "user"]
    assert QUESTION in sent["messages"][1]["content"]
    assert QUESTION not in sent["messages"][0]["content"]
    assert (sent["reasoning_effort"], sent["temperature"]) == ("low", 0)
    assert "stream" not in sent


def test_without_an_address_openai_is_asked_whatever_the_environment_says(
    httpx2_mock: respx.Router, playbook: Playbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "https://elsewhere.example/v1")
    route = httpx2_mock.post("https://api.openai.com/v1/chat/completions").respond(
        json=completion()
    )
    settings = load_settings(classifier_model="m", classifier_api_key="sk-1")
    assert asked(settings, playbook, QUESTION)[0].outcome == "ok"
    assert route.called


def test_a_server_of_ones_own_needs_no_key(
    httpx2_mock: respx.Router, playbook: Playbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    route = httpx2_mock.post(CHAT).respond(json=completion())
    settings = load_settings(classifier_model="m", classifier_base_url=URL)
    assert asked(settings, playbook, QUESTION)[0].outcome == "ok"
    assert route.called


@pytest.mark.parametrize("question", ["", "  \n ", "\u200b\u2060\U000e0041\ud83d"])
def test_nothing_to_read_is_not_asked(playbook: Playbook, question: str) -> None:
    with respx.mock(using="httpcore2", assert_all_called=False) as router:
        route = router.post(CHAT)
        (answer,) = asked(knobs(URL, "m"), playbook, question)
    assert answer.outcome == "empty_question"
    assert not route.called


def test_odd_characters_do_not_break_the_request(
    httpx2_mock: respx.Router, playbook: Playbook
) -> None:
    route = httpx2_mock.post(CHAT).respond(json=completion())
    (answer,) = asked(knobs(URL, "m"), playbook, "half a pair \ud83d and a null \0 here" * 900)
    assert route.called
    assert answer.outcome == "ok"
    assert len(route.calls.last.request.content) < 12_000


@pytest.mark.parametrize("level", [logging.DEBUG, logging.WARNING])
@pytest.mark.parametrize("status", [200, 400, 401, 500])
def test_no_log_line_holds_words_of_anybody(
    httpx2_mock: respx.Router,
    playbook: Playbook,
    caplog: pytest.LogCaptureFixture,
    level: int,
    status: int,
) -> None:
    error = {"error": {"message": f"cannot judge {QUESTION!r}", "code": QUESTION, "type": "x"}}
    reply = completion("I will not: pigs can fly") if status == 200 else error
    route = httpx2_mock.post(CHAT).respond(status, json=reply)
    with caplog.at_level(level):
        (answer,) = asked(
            knobs(URL, "m"), playbook, QUESTION, transcript=[Message("user", "secret words")]
        )
    assert route.called
    assert answer.verdict is None
    ours = [record for record in caplog.records if record.name == "tay_middleware"]
    assert ours
    for words in ("wig line", "pigs can fly", "secret words", "sk-1"):
        assert words not in caplog.text


def test_a_bug_of_ours_ends_as_an_error_too(playbook: Playbook) -> None:
    class Broken:
        async def complete(self, messages: object, fields: object) -> bytes:
            raise ZeroDivisionError

        async def aclose(self) -> None:
            return None

    async def scene() -> list[str]:
        classifier = Classifier(knobs(URL, "m"), playbook, Broken, lambda: 0.0, lambda: 0.0)
        return [(await classifier.ask(QUESTION)).outcome for _ in range(2)]

    assert asyncio.run(scene()) == ["error", "error"]


@pytest.mark.parametrize("change", [{"classifier_api_key": "clé\n"}, {"classifier_api_key": "é"}])
def test_a_client_that_cannot_be_used_ends_as_an_error(
    playbook: Playbook, change: dict[str, object]
) -> None:
    with respx.mock(using="httpcore2", assert_all_called=False) as router:
        route = router.post(CHAT)
        (answer,) = asked(knobs(URL, "m", **change), playbook, QUESTION)
    assert answer.outcome == "error"
    assert not route.called


def test_a_client_of_the_older_transport_can_be_handed_in() -> None:
    async def scene() -> bytes:
        client = httpx.AsyncClient()
        server = OpenAIServer(Address("m", URL, "sk-1", 1.0), client)
        try:
            return await server.complete([{"role": "user", "content": "x"}], {})
        finally:
            await server.aclose()

    with respx.mock:
        route = respx.post(CHAT).respond(json=completion())
        assert b"mentorship" in asyncio.run(scene())
        assert route.called


def test_the_client_never_retries_by_itself(httpx2_mock: respx.Router) -> None:
    route = httpx2_mock.post(CHAT).respond(500)

    async def scene() -> None:
        server = OpenAIServer(Address("m", URL, "sk-1", 1.0))
        with pytest.raises(CallFailed) as caught:
            await server.complete([{"role": "user", "content": "x"}], {})
        assert caught.value.heals
        await server.aclose()

    asyncio.run(scene())
    assert route.call_count == 1


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "2"}, 2.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "250", "retry-after": "1"}, 0.25),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "Tue, 06 Oct 2026 10:00:07 GMT"}, None),
        (
            {
                "retry-after": "Tue, 06 Oct 2026 10:00:07 GMT",
                "date": "Tue, 06 Oct 2026 10:00:00 GMT",
            },
            7.0,
        ),
    ],
)
def test_retry_after_is_read_in_each_of_its_forms(
    headers: dict[str, str], seconds: float | None
) -> None:
    assert retry_after_seconds(headers) == seconds


def test_the_client_is_imported_by_the_first_question_only() -> None:
    code = (
        "import sys\n"
        "from tay_middleware.decide.classify import Classifier\n"
        "from tay_middleware.playbook import load_playbook\n"
        "from tay_middleware.settings import load_settings\n"
        "settings = load_settings(classifier_model='m', classifier_api_key='k')\n"
        "assert Classifier.from_settings(settings, load_playbook())\n"
        "print('openai' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "False\n"


def test_a_full_house_never_has_more_requests_than_slots(playbook: Playbook) -> None:
    class Counting:
        def __init__(self) -> None:
            self.now = self.most = 0

        async def complete(self, messages: object, fields: object) -> bytes:
            self.now += 1
            self.most = max(self.most, self.now)
            for _ in range(5):
                await asyncio.sleep(0)
            self.now -= 1
            return json.dumps(completion()).encode()

        async def aclose(self) -> None:
            return None

    server = Counting()
    settings: Settings = knobs(URL, "m", classifier_max_concurrency=3)

    async def scene() -> list[Answer]:
        classifier = Classifier(settings, playbook, lambda: server, lambda: 0.0, lambda: 0.0)
        await classifier.warm_up()
        return await asyncio.gather(*(classifier.ask(f"q{number}") for number in range(50)))

    assert {answer.outcome for answer in asyncio.run(scene())} == {"ok"}
    assert server.most == 3


def test_who_waits_for_a_slot_in_vain_is_told_busy(playbook: Playbook) -> None:
    class Clinging:
        """Keeps its slot beyond the deadline, until it is told to let go."""

        def __init__(self) -> None:
            self.let_go = asyncio.Event()

        async def complete(self, messages: object, fields: object) -> bytes:
            try:
                await asyncio.Event().wait()
            finally:
                await self.let_go.wait()
            return b""

        async def aclose(self) -> None:
            return None

    settings = knobs(URL, "m", classifier_max_concurrency=1, classifier_deadline_seconds=0.1)

    async def scene() -> list[str]:
        server = Clinging()
        classifier = Classifier(settings, playbook, lambda: server, lambda: 0.0, lambda: 0.0)
        first = asyncio.create_task(classifier.ask("one"))
        await asyncio.sleep(0)  # the first goes first
        second = await classifier.ask("two")
        server.let_go.set()
        return [(await first).outcome, second.outcome, classifier.breaker_state]

    assert asyncio.run(scene()) == ["timeout", "busy", "closed"]


def test_a_text_cannot_open_the_breaker(httpx2_mock: respx.Router, playbook: Playbook) -> None:
    refused = completion("")
    refused["choices"][0]["message"]["refusal"] = "no"
    filtered = {"error": {"message": "x", "code": "content_filter"}}
    refusals = httpx2_mock.post(CHAT, json__model="a").respond(json=refused)
    prose = httpx2_mock.post(CHAT, json__model="b").respond(json=completion("none of it"))
    filters = httpx2_mock.post(CHAT, json__model="c").respond(400, json=filtered)

    async def scene(classifier: Classifier) -> str:
        for number in range(4):
            await classifier.ask(f"q{number}")
        return classifier.breaker_state

    for model, route in (("a", refusals), ("b", prose), ("c", filters)):
        settings = knobs(URL, model, classifier_model=model, classifier_breaker_failures=1)
        assert at_work(settings, playbook, scene) == "closed"
        assert route.call_count == 4
