"""End to end, against a server in a process of its own that behaves well and badly."""

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest

from tay_middleware.decide.classify import Answer, Classifier, Verdict
from tay_middleware.domain import Message, Reason
from tay_middleware.playbook import Playbook
from tests.decide.asked import QUESTION, Clock, asked, at_work, knobs
from tests.decide.llm_server import LlmServer, llm_server

MENTORSHIP = Verdict("mentorship", Reason.STRATEGIC)
SLACK_SECONDS = 1.0
"""What a loaded machine may add to a deadline; the deadlines here are below half a second."""


@pytest.fixture(scope="module")
def server() -> Iterator[LlmServer]:
    with llm_server() as running:
        yield running


def test_an_opinion_comes_with_its_tokens_and_its_price(
    server: LlmServer, playbook: Playbook
) -> None:
    settings = knobs(
        server.url,
        "ok=course:technique",
        classifier_usd_per_million_prompt_tokens=0.15,
        classifier_usd_per_million_completion_tokens=0.6,
    )
    (answer,) = asked(settings, playbook, QUESTION)
    verdict = Verdict("course", Reason.TECHNIQUE)
    cost = (700 * 0.15 + 12 * 0.6) / 1e6
    assert answer == Answer(verdict, "ok", answer.seconds, 700, 12, answer.cost_usd)
    assert answer.cost_usd == pytest.approx(cost)
    (request,) = server.requests(settings.classifier_model or "")
    assert request["authorization"] == "Bearer sk-1"
    assert request["body"]["response_format"]["json_schema"]["strict"] is True
    assert request["body"]["max_tokens"] == 200


@pytest.mark.parametrize(
    "dress", ["ok", "fenced", "thinking", "prose", "parts", "object", "plain", "fussy", "key=sk-1"]
)
def test_every_dress_of_an_answer_is_read(
    server: LlmServer, playbook: Playbook, dress: str
) -> None:
    (answer,) = asked(knobs(server.url, dress), playbook, QUESTION)
    assert (answer.verdict, answer.outcome) == (MENTORSHIP, "ok")


@pytest.mark.parametrize(
    ("steps", "outcome", "requests"),
    [
        ("500", "http_error", 4),
        ("503", "http_error", 4),
        ("409", "http_error", 4),
        ("408", "timeout", 4),
        ("close", "connection", 4),
        ("half", "connection", 4),
        ("429", "rate_limited", 4),
        ("429@60", "rate_limited", 1),
        ("quota", "quota", 1),
        ("402", "quota", 1),
        ("key=sk-other", "unauthorized", 1),
        ("expired", "unauthorized", 1),
        ("404", "http_error", 1),
        ("413", "http_error", 1),
        ("filtered", "content_filter", 1),
        ("refusal", "refusal", 1),
        ("filter", "content_filter", 1),
        ("length", "length", 1),
        ("nothing", "no_choices", 1),
        ("error200", "http_error", 1),
        ("html", "bad_answer", 1),
        ("empty", "bad_answer", 1),
        ("garbage", "bad_answer", 1),
        ("ok=yacht", "bad_answer", 1),
        ("ok=course:because", "bad_answer", 1),
        ("text=" + base64.b64encode(b"mentorship, obviously").decode(), "bad_answer", 1),
    ],
)
def test_what_heals_is_tried_again_and_what_does_not_is_not(
    server: LlmServer, playbook: Playbook, steps: str, outcome: str, requests: int
) -> None:
    settings = knobs(server.url, steps)
    (answer,) = asked(settings, playbook, QUESTION)
    assert (answer.verdict, answer.outcome) == (None, outcome)
    assert len(server.requests(settings.classifier_model or "")) == requests


@pytest.mark.parametrize("first", ["500", "502", "429", "429@0.05", "408", "409", "close", "half"])
def test_a_server_that_heals_is_believed(server: LlmServer, playbook: Playbook, first: str) -> None:
    (answer,) = asked(knobs(server.url, f"{first},{first},ok"), playbook, QUESTION)
    assert answer.verdict == MENTORSHIP


def test_a_stalled_request_is_given_up_for_another(server: LlmServer, playbook: Playbook) -> None:
    settings = knobs(server.url, "stall,ok", classifier_try_seconds=0.2)
    (answer,) = asked(settings, playbook, QUESTION)
    assert answer.verdict == MENTORSHIP
    assert answer.seconds >= 0.2


def test_retry_after_is_honoured_inside_the_deadline(server: LlmServer, playbook: Playbook) -> None:
    (answer,) = asked(knobs(server.url, "429@1,ok"), playbook, QUESTION)
    assert answer.verdict == MENTORSHIP
    assert answer.seconds >= 1.0


def test_a_retry_after_beyond_the_deadline_is_not_waited_for(
    server: LlmServer, playbook: Playbook
) -> None:
    settings = knobs(server.url, "429@60,ok")
    first, second = asked(settings, playbook, QUESTION, "and another thing")
    assert (first.outcome, second.outcome) == ("rate_limited", "breaker_open")
    assert first.seconds < SLACK_SECONDS
    assert len(server.requests(settings.classifier_model or "")) == 1


EVERY_TROUBLE = [
    *("stall", "drip", "close", "half", "500", "429", "429@0.1", "429@60", "408", "quota"),
    *("key=sk-other", "404", "400", "refusal", "nothing", "length", "filter", "html", "empty"),
    *("garbage", "error200", "ok=yacht", "ok=mentorship,stall", "500,stall", "429@0.1,drip"),
]


@pytest.mark.parametrize("steps", EVERY_TROUBLE)
def test_the_total_deadline_holds_in_every_trouble(
    server: LlmServer, playbook: Playbook, steps: str
) -> None:
    settings = knobs(server.url, steps, classifier_deadline_seconds=0.3)

    async def scene(classifier: Classifier) -> list[Answer]:
        await classifier.warm_up()
        return [await classifier.ask(f"{QUESTION} {number}") for number in range(2)]

    answers = at_work(settings, playbook, scene)
    assert all(answer.seconds < 0.3 + SLACK_SECONDS for answer in answers)
    assert answers[-1].verdict is None


@pytest.mark.parametrize(("steps", "outcome"), [("stall", "timeout"), ("drip", "timeout")])
def test_a_server_that_hangs_ends_as_a_timeout_and_opens_the_breaker(
    server: LlmServer, playbook: Playbook, steps: str, outcome: str
) -> None:
    settings = knobs(
        server.url, steps, classifier_deadline_seconds=0.15, classifier_breaker_failures=2
    )
    answers = asked(settings, playbook, "one", "two", "three")
    assert [answer.outcome for answer in answers] == [outcome, outcome, "breaker_open"]


def test_what_a_server_does_not_speak_is_remembered(server: LlmServer, playbook: Playbook) -> None:
    settings = knobs(server.url, "plain")
    asked(settings, playbook, "one", "two", "three")
    formats = [
        request["body"].get("response_format", {}).get("type")
        for request in server.requests(settings.classifier_model or "")
    ]
    assert formats == ["json_schema", "json_object", None, None, None]


def test_a_way_of_asking_is_forgotten_after_an_hour(server: LlmServer, playbook: Playbook) -> None:
    settings, clock = knobs(server.url, "object"), Clock()

    async def scene(classifier: Classifier) -> None:
        for question in ("one", "two"):
            await classifier.ask(question)
        clock.now += 3601
        await classifier.ask("three")

    at_work(settings, playbook, scene, clock)
    formats = [
        request["body"]["response_format"]["type"]
        for request in server.requests(settings.classifier_model or "")
    ]
    schema, plain = "json_schema", "json_object"
    assert formats == [schema, plain, plain, schema, plain]


def test_an_objection_that_does_not_end_is_no_lesson(server: LlmServer, playbook: Playbook) -> None:
    settings = knobs(server.url, "400,400,400,400,ok")
    first, second = asked(settings, playbook, "one", "two")
    assert (first.outcome, second.outcome) == ("http_error", "ok")
    requests = server.requests(settings.classifier_model or "")
    assert requests[-1]["body"]["response_format"]["type"] == "json_schema"


def test_a_quarrel_about_fields_keeps_the_schema(server: LlmServer, playbook: Playbook) -> None:
    settings = knobs(server.url, "fussy")
    asked(settings, playbook, "one", "two")
    last = server.requests(settings.classifier_model or "")[-1]["body"]
    assert last["response_format"]["type"] == "json_schema"
    assert last["max_completion_tokens"] == 200
    assert not {"temperature", "max_tokens"} & set(last)


def test_a_wrong_key_costs_one_request_and_then_the_server_is_left_alone(
    server: LlmServer, playbook: Playbook
) -> None:
    settings, clock = knobs(server.url, "401"), Clock()

    async def scene(classifier: Classifier) -> list[str]:
        outcomes = [(await classifier.ask(question)).outcome for question in ("one", "two")]
        clock.now += 31
        states = [classifier.breaker_state]
        return [*outcomes, (await classifier.ask("three")).outcome, *states]

    outcomes = at_work(settings, playbook, scene, clock)
    assert outcomes == ["unauthorized", "breaker_open", "unauthorized", "half_open"]
    assert len(server.requests(settings.classifier_model or "")) == 2


def test_an_oracle_answers_what_is_labelled(playbook: Playbook, tmp_path: Path) -> None:
    labels = tmp_path / "labels.jsonl"
    labels.write_text(
        '{"question": "teach me knots", "history": [{"role": "user", "content": "hi"}], '
        '"offer": "course", "reason": "technique"}\n'
        '{"question": "hi", "offer": null, "reason": null}\n'
    )
    with llm_server(labels) as oracle:
        settings = knobs(oracle.url, "oracle")
        (course,) = asked(settings, playbook, "teach me knots", transcript=[Message("user", "hi")])
        (nothing,) = asked(settings, playbook, "hi")
    assert course.verdict == Verdict("course", Reason.TECHNIQUE)
    assert nothing.verdict == Verdict(None, None)


def test_a_server_that_is_not_there_ends_as_connection(playbook: Playbook) -> None:
    with llm_server() as gone:
        url = gone.url
    (answer,) = asked(knobs(url, "ok"), playbook, QUESTION)
    assert answer.outcome == "connection"
