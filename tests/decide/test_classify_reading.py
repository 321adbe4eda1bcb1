"""What is made of a reply: one choice from the catalogue, or the name of what is wrong."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tay_middleware.decide.classify import Outcome, Verdict
from tay_middleware.decide.classify.reading import Choices, Reading
from tay_middleware.domain import Reason
from tay_middleware.playbook import load_playbook
from tests.cost import least_cpu_seconds

CHOICES = Choices(load_playbook())
NOTHING = Verdict(None, None)


def reply(content: Any, **changes: Any) -> bytes:
    message = {"role": "assistant", "content": content, **changes.pop("message", {})}
    choice = {"message": message, "finish_reason": "stop", **changes.pop("choice", {})}
    return json.dumps({"choices": [choice], **changes}).encode()


@pytest.mark.parametrize(
    ("content", "verdict"),
    [
        ('{"offer": "none", "reason": "none"}', NOTHING),
        ('{"offer": null, "reason": null}', NOTHING),
        ('{"offer": "none"}', NOTHING),
        ('{"offer": "none", "reason": "strategic"}', NOTHING),
        ('{"reason": "technique", "offer": "course"}', Verdict("course", Reason.TECHNIQUE)),
        ('{"offer": "course"}', Verdict("course", Reason.TECHNIQUE)),
        (
            '{"offer": " Mentorship ", "reason": "none"}',
            Verdict("mentorship", Reason("personalized_help")),
        ),
        (
            '{"offer": "masterclass", "reason": "ADVANCED", "why": "…"}',
            Verdict("masterclass", Reason.ADVANCED),
        ),
        ('```\n{"offer": "none"}\n```', NOTHING),
        ('{"offer": "none"} or rather {"offer": "none", "reason": "none"}', NOTHING),
        ('<think>{"offer": "course"}</think>{"offer": "none"}', NOTHING),
    ],
)
def test_a_choice_is_read(content: str, verdict: Verdict) -> None:
    assert CHOICES.read(reply(content)) == Reading(Outcome.OK, verdict)


@pytest.mark.parametrize(
    "content",
    [
        None,
        "",
        "mentorship",
        "{}",
        "[]",
        '"course"',
        '{"offer": "yacht", "reason": "strategic"}',
        '{"offer": "course", "reason": "because"}',
        '{"offer": ["course"]}',
        '{"offer": 1}',
        '{"reason": "strategic"}',
        '{"offer": "none", "offer": "course"}',
        '{"offer": "course"} no: {"offer": "none"}',
        'They wrote {"offer": "mentorship"}, but {"offer": "none", "reason": "none"}',
        '{"offer": "cour',
        '{"offer": "course"}' + " " * 5_000,
        [{"type": "image"}, 7],
    ],
)
def test_what_is_no_single_choice_is_no_verdict(content: object) -> None:
    assert CHOICES.read(reply(content)) == Reading(Outcome.BAD_ANSWER)


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        (reply("", message={"refusal": "I will not"}), Outcome.REFUSAL),
        (reply('{"offer": "course"}', message={"refusal": "no"}), Outcome.REFUSAL),
        (reply('{"offer": "course"}', choice={"finish_reason": "length"}), Outcome.LENGTH),
        (reply("", choice={"finish_reason": "content_filter"}), Outcome.CONTENT_FILTER),
        (b'{"choices": []}', Outcome.NO_CHOICES),
        (b'{"choices": null}', Outcome.NO_CHOICES),
        (b"{}", Outcome.NO_CHOICES),
        (b'{"error": {"code": 502}}', Outcome.HTTP_ERROR),
        (b'{"choices": [{}]}', Outcome.BAD_ANSWER),
        (b'{"choices": "x"}', Outcome.BAD_ANSWER),
        (b"[]", Outcome.BAD_ANSWER),
        (b"", Outcome.BAD_ANSWER),
        (b"\xff\xfe", Outcome.BAD_ANSWER),
    ],
)
def test_each_other_end_has_its_name(body: bytes, outcome: Outcome) -> None:
    assert CHOICES.read(body) == Reading(outcome)


@pytest.mark.parametrize(
    ("usage", "prompt", "completion"),
    [
        ({"prompt_tokens": 9, "completion_tokens": 2}, 9, 2),
        ({"prompt_tokens": -9, "completion_tokens": "2"}, 0, 0),
        ({"prompt_tokens": None}, 0, 0),
        ("lots", 0, 0),
        (None, 0, 0),
    ],
)
def test_tokens_are_counted_also_where_there_is_no_verdict(
    usage: object, prompt: int, completion: int
) -> None:
    expected = Reading(Outcome.BAD_ANSWER, None, prompt, completion)
    assert CHOICES.read(reply("no", usage=usage)) == expected


@given(st.binary(max_size=200))
def test_no_bytes_raise(body: bytes) -> None:
    assert CHOICES.read(body).verdict is None


@given(st.text(st.sampled_from('{}[]":, offercusn'), max_size=300))
def test_no_text_chooses_outside_the_catalogue(content: str) -> None:
    verdict = CHOICES.verdict(content)
    assert verdict is None or verdict.offer in {None, "mentorship", "course", "masterclass"}


@pytest.mark.parametrize("content", ["{" * 4_000, '{"a":' * 800, "[" * 4_000, '{"a":[' * 600])
def test_nothing_is_slow_to_read(content: str) -> None:
    assert CHOICES.verdict(content) is None
    assert least_cpu_seconds(lambda: CHOICES.verdict(content)) < 0.2
