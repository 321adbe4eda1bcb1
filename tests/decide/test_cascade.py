import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from threading import Event
from typing import Any, cast

import pytest

from tay_middleware.decide.beside import EncoderBeside
from tay_middleware.decide.cascade import Asks, Cascade, Until
from tay_middleware.decide.encoder import Encoder
from tay_middleware.decide.model import Model
from tay_middleware.decide.model_answer import Answer, Verdict
from tay_middleware.decide.stages import make_cascade
from tay_middleware.domain import Message, Reason, Stage
from tay_middleware.errors import ConfigurationError
from tay_middleware.playbook import Playbook
from tay_middleware.settings import Settings
from tests.builders import a_turn
from tests.decide.opinions import SaysAlways, an_opinion

QUESTION = "We are big in Leeds and nobody in York with our wigs. Same posts."


def said(verdict: Verdict | None) -> Answer:
    return Answer(verdict, "ok", 0.2, prompt_tokens=300, completion_tokens=9, cost_usd=0.0001)


def chose(offer: str | None, reason: Reason | None = None) -> Answer:
    return said(Verdict(offer, reason))


@dataclass
class _Asked:
    """Stands for a classifier; `wait` is what it waits for before it answers."""

    answer: Answer
    wait: Callable[[], Any] | None = None
    asked: list[str] = field(default_factory=list)

    async def ask(self, question: str, transcript: object = ()) -> Answer:
        del transcript
        self.asked.append(question)
        if self.wait is not None:
            await self.wait()
        return self.answer

    async def warm_up(self) -> None:
        return

    async def aclose(self) -> None:
        return


def stages(
    playbook: Playbook,
    first: SaysAlways | None,
    second: SaysAlways | None = None,
    classifier: _Asked | None = None,
) -> Cascade:
    beside = None
    if second is not None:
        beside = EncoderBeside(lambda: cast("Encoder", second))
        beside.opened()
    return Cascade(
        playbook,
        model=cast("Model", first) if first else None,
        encoder=beside,
        classifier=cast("Asks", classifier) if classifier else None,
    )


def test_each_stage_decides_only_as_far_as_it_is_let(playbook: Playbook) -> None:
    first, second = SaysAlways(an_opinion(0.45)), SaysAlways(an_opinion(0.95))
    cascade = stages(playbook, first, second)
    keywords = cascade.detect(QUESTION, until=Until.KEYWORDS)
    assert (keywords.stage, first.asked) == (Stage.KEYWORDS, 0)
    scorer = cascade.detect(QUESTION, until=Until.SCORER)
    assert (scorer.stage, scorer.confidence, second.asked) == (Stage.MODEL, 0.45, 0)
    encoder = cascade.detect(QUESTION, until=Until.ENCODER)
    assert encoder.confidence is not None
    assert 0.45 < encoder.confidence < 0.95
    assert {"scorer.escalate", "encoder.escalate"} <= encoder.scores.keys()


def test_where_the_scorer_is_sure_of_a_no_the_encoder_is_not_asked(playbook: Playbook) -> None:
    second = SaysAlways(an_opinion(0.99))
    cascade = stages(playbook, SaysAlways(an_opinion(0.0001)), second)
    assert not cascade.detect("how long do I leave the bleach on for").need
    assert second.asked == 0


@pytest.mark.parametrize(
    ("question", "gates"),
    [
        ("Can you review my pricing structure and tell me what is wrong?", {}),
        ("how long do I leave the bleach on for", {"refusal": 0.9}),
    ],
)
def test_the_scorer_alone_overrules_no_phrase_and_tells_no_later_turn_of_a_gate(
    playbook: Playbook, question: str, gates: dict[str, float]
) -> None:
    second = SaysAlways(an_opinion(0.9, gates=dict.fromkeys(gates, 0.0)))
    found = stages(playbook, SaysAlways(an_opinion(0.0001, gates=gates)), second).detect(question)
    assert (second.asked, found.gates) == (1, ())


def test_what_would_be_shown_always_passes_the_encoder(playbook: Playbook) -> None:
    second = SaysAlways(an_opinion(0.99, gates={"distress": 0.99}))
    cascade = stages(playbook, SaysAlways(an_opinion(0.99)), second)
    assert cascade.detect(QUESTION).gates == ("distress",)


def test_an_encoder_that_cannot_be_opened_leaves_the_scorer_and_says_it_once(
    playbook: Playbook, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> Encoder:
        raise ConfigurationError("no such file")

    first = SaysAlways(an_opinion(0.9))
    cascade = Cascade(playbook, model=cast("Model", first), encoder=EncoderBeside(broken))
    said = [cascade.detect(QUESTION).confidence for _ in range(3)]
    assert said == [0.9] * 3
    assert [record.message for record in caplog.records] == [
        "the built-in scorer decides alone: no such file"
    ]


def test_a_playbook_may_leave_out_what_was_learned(playbook: Playbook) -> None:
    rules = playbook.policy.cascade.model_copy(update={"learned": False})
    policy = playbook.policy.model_copy(update={"cascade": rules})
    plain = replace(playbook, policy=policy)
    first = SaysAlways(an_opinion(0.99))
    assert stages(plain, first).detect(QUESTION).stage is Stage.KEYWORDS
    assert first.asked == 0


def test_earlier_messages_are_heard_for_a_no_in_any_wording(playbook: Playbook) -> None:
    first = SaysAlways(an_opinion(0.01, gates={"refusal": 0.99}))
    said = (Message("user", "save the pitch"), Message("assistant", "ok"), Message("user", "hm"))
    assert stages(playbook, first).earlier_gates(said) == (("refusal",), ("refusal",))


def test_an_earlier_bare_stop_is_heard_where_it_answered_a_mention(playbook: Playbook) -> None:
    keywords = Cascade(playbook)
    said = (
        Message("user", "my salon is quiet"),
        Message("assistant", "Rebook. The mentorship is where we look at your numbers."),
        Message("user", "STOP"),
    )
    assert "opt_out" in keywords.earlier_gates(said)[-1]
    assert all("opt_out" not in gates for gates in keywords.earlier_gates(said[:1] + said[2:]))


@pytest.mark.anyio
async def test_a_judgement_grows_better_while_the_model_replies(playbook: Playbook) -> None:
    cascade = stages(playbook, SaysAlways(an_opinion(0.05)), SaysAlways(an_opinion(0.99)))
    judgement = cascade.begin(a_turn(QUESTION))
    assert not judgement.best.need
    settled = await judgement.settled(5.0)
    assert settled.need
    assert settled == judgement.best


def with_unsure(playbook: Playbook, behind: tuple[str, ...]) -> Playbook:
    """The playbook in which a model is asked behind these gates."""
    cascade = playbook.policy.cascade
    unsure = cascade.unsure.model_copy(update={"behind": behind})
    rules = cascade.model_copy(update={"unsure": unsure})
    policy = playbook.policy.model_copy(update={"cascade": rules})
    return replace(playbook, policy=policy)


@pytest.mark.anyio
async def test_a_model_is_asked_only_in_the_uncertain_band(playbook: Playbook) -> None:
    for chance, asked in ((0.2, 1), (0.02, 0), (0.98, 0)):
        classifier = _Asked(chose("course", Reason.TECHNIQUE))
        cascade = stages(playbook, SaysAlways(an_opinion(chance)), None, classifier)
        await cascade.adetect(QUESTION)
        assert len(classifier.asked) == asked


@pytest.mark.anyio
async def test_a_model_is_not_asked_about_what_a_gate_holds_back(playbook: Playbook) -> None:
    classifier = _Asked(chose("course"))
    first = SaysAlways(an_opinion(0.3, gates={"medical": 0.99}))
    made = await stages(playbook, first, None, classifier).adetect(QUESTION)
    assert (made.escalate, classifier.asked) == (False, [])


@pytest.mark.anyio
async def test_a_model_may_open_a_gate_that_was_closed_in_doubt_where_the_policy_says_so(
    playbook: Playbook,
) -> None:
    first = SaysAlways(an_opinion(0.9, gates={"medical": 0.55, "distress": 0.01}))
    for behind, asked in (((), 0), (("distress",), 0), (("medical", "distress"), 1)):
        classifier = _Asked(chose("course", Reason.TECHNIQUE))
        asking = with_unsure(playbook, behind)
        made = await stages(asking, first, None, classifier).adetect(QUESTION)
        assert (len(classifier.asked), made.escalate) == (asked, bool(asked))
        assert made.gates == (() if asked else ("perhaps_medical",))


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("need", "on_topic", "asked"), [(0.9, 0.4, 1), (0.2, 0.4, 1), (0.9, 0.1, 0), (0.02, 0.4, 0)]
)
async def test_a_model_is_asked_about_a_need_that_may_be_of_another_trade(
    playbook: Playbook, need: float, on_topic: float, asked: int
) -> None:
    classifier = _Asked(chose("mentorship", Reason.PERSONALIZED_HELP))
    first = SaysAlways(an_opinion(need, on_topic=on_topic))
    made = await stages(playbook, first, None, classifier).adetect("Same hours, half the money.")
    assert (len(classifier.asked), made.escalate) == (asked, bool(asked))


@pytest.mark.anyio
async def test_a_models_no_leaves_a_gate_closed(playbook: Playbook) -> None:
    first = SaysAlways(an_opinion(0.9, gates={"medical": 0.55}))
    asking = with_unsure(playbook, ("medical",))
    made = await stages(asking, first, None, _Asked(chose(None))).adetect(QUESTION)
    assert (made.escalate, made.gates) == (False, ("perhaps_medical",))


@pytest.mark.anyio
async def test_a_models_verdict_decides_and_its_cost_stands_among_the_scores(
    playbook: Playbook,
) -> None:
    yes = _Asked(chose("course", Reason.TECHNIQUE))
    made = await stages(playbook, SaysAlways(an_opinion(0.3)), None, yes).adetect(QUESTION)
    assert (made.stage, made.offer, made.reason) == (Stage.LLM, "course", Reason.TECHNIQUE)
    assert made.scores["llm.prompt_tokens"] == 300
    assert made.scores["llm.cost_usd"] == 0.0001
    no = _Asked(chose(None))
    made = await stages(playbook, SaysAlways(an_opinion(0.3)), None, no).adetect(QUESTION)
    assert (made.stage, made.need, made.offer, made.reason) == (Stage.LLM, False, None, None)


@pytest.mark.anyio
@pytest.mark.parametrize("verdict", [None, Verdict("retreat", None)])
async def test_without_a_usable_verdict_the_offline_decision_stands(
    playbook: Playbook, verdict: Verdict | None
) -> None:
    first = SaysAlways(an_opinion(0.3))
    cascade = stages(playbook, first, None, _Asked(said(verdict)))
    made = await cascade.adetect(QUESTION)
    offline = cascade.detect(QUESTION)
    assert (made.escalate, made.offer, made.stage) == (
        offline.escalate,
        offline.offer,
        Stage.MODEL,
    )


@pytest.mark.anyio
async def test_a_late_model_is_given_up_and_leaves_no_task(playbook: Playbook) -> None:
    never = asyncio.Event()
    late = _Asked(chose("course"), wait=never.wait)
    cascade = stages(playbook, SaysAlways(an_opinion(0.3)), None, late)
    before = asyncio.all_tasks()
    judgement = cascade.begin(a_turn(QUESTION))
    assert (await judgement.settled(0.01)).stage is Stage.MODEL
    await asyncio.sleep(0)
    assert all(task.cancelling() for task in asyncio.all_tasks() - before)


@pytest.mark.anyio
async def test_while_the_encoder_opens_the_scorer_decides_and_the_scores_show_it(
    playbook: Playbook,
) -> None:
    may_open = Event()

    def opening() -> Encoder:
        may_open.wait(60)
        return cast("Encoder", SaysAlways(an_opinion(0.99)))

    beside = EncoderBeside(opening)
    cascade = Cascade(playbook, model=cast("Model", SaysAlways(an_opinion(0.9))), encoder=beside)
    cascade.start()
    try:
        alone = await cascade.begin(a_turn(QUESTION)).settled(5.0)
    finally:
        may_open.set()
    assert alone.need
    assert [name for name in alone.scores if name.endswith(".escalate")] == ["scorer.escalate"]
    beside.opened()
    both = await cascade.begin(a_turn(QUESTION)).settled(5.0)
    assert {"scorer.escalate", "encoder.escalate"} <= both.scores.keys()


@pytest.mark.anyio
async def test_a_question_too_many_is_not_kept_waiting_for_the_encoder(playbook: Playbook) -> None:
    del playbook
    beside = EncoderBeside(lambda: cast("Encoder", SaysAlways(an_opinion())))
    beside.opened()
    said = await asyncio.gather(*(beside.judge(QUESTION) for _ in range(200)))
    assert sum(one is None for one in said) > 0
    assert sum(one is not None for one in said) >= 64


def test_an_opt_in_takes_back_the_stops_and_noes_before_it_and_none_after(
    playbook: Playbook,
) -> None:
    keywords = Cascade(playbook)
    stop, back, no = (
        Message("user", "stop recommending your stuff, my edges are falling out"),
        Message("user", "you can recommend things again"),
        Message("user", "no thanks, I don't want the course"),
    )

    def said(*messages: Message) -> set[str]:
        gates = keywords.earlier_gates(messages, Until.KEYWORDS)
        return {gate for closed in gates for gate in closed} & {"opt_out", "refusal", "medical"}

    assert said(stop) == {"opt_out", "medical"}
    assert said(stop, back) == {"medical"}
    assert said(stop, back, no) == {"refusal", "medical"}


def test_cascades_of_one_playbook_share_its_phrase_tables(
    playbook: Playbook, settings: Settings
) -> None:
    first, second = make_cascade(playbook, settings), make_cascade(playbook, settings)
    other = make_cascade(replace(playbook, topics={}), settings)
    assert first is not second
    assert first.detector is second.detector
    assert other.detector is not first.detector
