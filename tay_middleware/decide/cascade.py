"""Keywords → built-in scorer → encoder → a model's opinion: each stage only where it is needed.

The first two take a fifth of a millisecond and run where the question is. The encoder runs on a
thread of its own, and a model is asked over the network; both beside the model's reply. Whatever of
that is missing, late or wrong, the detection of the stage before stands.
"""

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Protocol

from tay_middleware.decide.beside import EncoderBeside
from tay_middleware.decide.combine import Combiner, figures, with_choice
from tay_middleware.decide.detect import NO_SIGNALS, Detector, Examined
from tay_middleware.decide.features import features, spoken
from tay_middleware.decide.gates import PERHAPS, doubted
from tay_middleware.decide.kept_gates import ends_noes, without_noes
from tay_middleware.decide.model import Model
from tay_middleware.decide.model_answer import Answer
from tay_middleware.decide.offers import Catalogue
from tay_middleware.decide.opinion import Opinion, blend
from tay_middleware.decide.ownership import told_of
from tay_middleware.domain import Detection, Message, Turn
from tay_middleware.playbook import Playbook

EARLIER_MESSAGES = 8
"""How many of the user's earlier messages are asked for a no, distress and the like: a longer look
back costs time on every turn, and what is further away is in history."""


class Until(StrEnum):
    """The stages of the cascade, first to last: the last one that may decide."""

    KEYWORDS = "keywords"
    SCORER = "scorer"
    ENCODER = "encoder"
    LLM = "llm"

    def reaches(self, stage: "Until") -> bool:
        """Whether `stage` may decide."""
        order = list(Until)
        return order.index(self) >= order.index(stage)


class Asks(Protocol):
    """A model that is asked for its opinion; `decide.classify.Classifier` is one."""

    async def ask(self, question: str, transcript: Sequence[Message] = ()) -> Answer:
        """Its opinion; never raises but for cancellation."""

    async def warm_up(self) -> None:
        """Make ready what the first question would wait for."""

    async def aclose(self) -> None:
        """Let go of its connections."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A question after the first two stages: `opinion` is `None` where no scorer took part."""

    examined: Examined
    text: str
    detection: Detection
    opinion: Opinion | None


class Cascade:
    """All stages that are there, over one playbook; used from any thread."""

    def __init__(
        self,
        playbook: Playbook,
        *,
        detector: Detector | None = None,
        model: Model | None = None,
        encoder: EncoderBeside | None = None,
        classifier: Asks | None = None,
    ) -> None:
        """Put stages together; what is `None` is passed over, but for the detector: it is made."""
        self._rules = playbook.policy.cascade
        self._gates = playbook.gates
        self._detector = detector or Detector(playbook)
        self._combine = Combiner(
            self._rules.purchase_from, Catalogue(playbook.offers, playbook.indicators.groups)
        )
        self._offers = frozenset(playbook.offers)
        self._heads = frozenset(self._rules.scorer.gates)
        self._doubted = frozenset(f"{PERHAPS}{gate}" for gate in self._rules.unsure.behind)
        self._model = model if self._rules.learned else None
        self._encoder = encoder if self._model is not None else None
        self._classifier = classifier

    @property
    def detector(self) -> Detector:
        """The keyword stage."""
        return self._detector

    def start(self) -> None:
        """Begin to open the encoder; returns at once."""
        if self._encoder is not None:
            self._encoder.start()

    def draft(
        self,
        question: str,
        transcript: Sequence[Message] = (),
        signals: Mapping[str, object] = NO_SIGNALS,
        until: Until = Until.SCORER,
    ) -> Draft:
        """The first two stages, at once."""
        examined = self._detector.examine(question, transcript, signals)
        if self._model is None or until is Until.KEYWORDS:
            return Draft(examined, "", doubted(examined.detection), None)
        text = spoken(examined.literal)
        opinion = self._model.judge(features(text, examined.detection, transcript))
        return Draft(examined, text, self.scored(examined.detection, opinion), opinion)

    def scored(self, seen: Detection, first: Opinion) -> Detection:
        """The keyword stage's detection with the built-in scorer's opinion taken in."""
        return self._combine(seen, first, self._rules.scorer, figures("scorer", first))

    def detect(
        self,
        question: str,
        transcript: Sequence[Message] = (),
        signals: Mapping[str, object] = NO_SIGNALS,
        until: Until = Until.ENCODER,
    ) -> Detection:
        """All offline stages up to `until`, in this thread; waits for the encoder to open."""
        draft = self.draft(question, transcript, signals, until)
        if self._encoder is None or not until.reaches(Until.ENCODER):
            return draft.detection
        encoder = self._encoder.opened() if self._asks_encoder(draft) else None
        if encoder is None:
            return draft.detection
        return self._refined(draft, encoder.judge(draft.text, transcript))

    async def adetect(
        self,
        question: str,
        transcript: Sequence[Message] = (),
        signals: Mapping[str, object] = NO_SIGNALS,
    ) -> Detection:
        """All stages, a model's opinion included; waits for each as long as it takes."""
        detection = self.detect(question, transcript, signals)
        return await self.opined(detection, question, transcript)

    def begin(self, turn: Turn) -> "Judgement":
        """Judge a turn beside its reply; call it on the loop that will wait for it."""
        draft = self.draft(turn.question, turn.transcript, turn.signals)
        judgement = Judgement(draft.detection, self.earlier_gates(turn.transcript))
        if self._asks_encoder(draft) or self._asks_model(draft.detection):
            judgement.improve(self._later(judgement, draft, turn))
        return judgement

    def earlier_gates(
        self, transcript: Sequence[Message], until: Until = Until.SCORER
    ) -> tuple[tuple[str, ...], ...]:
        """The gates that the user's latest earlier messages close, oldest first, one entry each.

        Beside them stands what she says that she has, or gave back (see `ownership`). A message
        that opts in takes back the stops and the noes before it.
        """
        asked = [at for at, message in enumerate(transcript) if message.role == "user"]
        found: list[tuple[str, ...]] = []
        for at in asked[-EARLIER_MESSAGES:]:
            content = transcript[at].content
            seen = self.draft(content, until=until).detection
            answered = seen.answers and self._detector.mentioned_before(transcript[:at])
            bare = seen.answers if answered else ()
            if ends_noes(seen, self._gates):
                found = [without_noes(gates, self._gates) for gates in found]
            hers = self._detector.understood(seen, transcript[:at])
            has = told_of(phrase.group for phrase in hers.closed_by)
            found.append(tuple(dict.fromkeys((*seen.gates, *has, *bare))))
        return tuple(found)

    def refined(self, seen: Detection, first: Opinion, second: Opinion) -> Detection:
        """The same with the encoder's opinion blended in, where the scorer was not sure."""
        rule = self._rules.encoder
        both = blend(first, second, rule.weight)
        told = {**figures("scorer", first), **figures("encoder", second)}
        return self._combine(seen, both, rule, told)

    def is_sure(self, seen: Detection, scored: Detection, first: Opinion) -> bool:
        """Whether the built-in scorer's no needs no second opinion.

        It does where the phrases find a need, and where a head of it alone would close a gate that
        later turns are told of.
        """
        if seen.need or scored.need or first.escalate >= self._rules.encoder.ask_from:
            return False
        return self._heads.isdisjoint(set(scored.gates).difference(seen.gates))

    @property
    def last_stage(self) -> Until:
        """The last stage that is there."""
        if self._classifier is not None:
            return Until.LLM
        if self._encoder is not None:
            return Until.ENCODER
        return Until.KEYWORDS if self._model is None else Until.SCORER

    async def warm_up(self) -> None:
        """Import and make a model's client, so that no question waits for it."""
        if self._classifier is not None:
            await self._classifier.warm_up()

    async def opined(
        self, detection: Detection, question: str, transcript: Sequence[Message] = ()
    ) -> Detection:
        """The detection with a model's opinion taken in, where one is worth asking for."""
        if self._classifier is None or not self._asks_model(detection):
            return detection
        answer = await self._classifier.ask(question, transcript)
        return self._decided(detection, answer)

    async def aclose(self) -> None:
        """Let go of the encoder, and of what a model's client holds."""
        if self._encoder is not None:
            await self._encoder.aclose()
        if self._classifier is not None:
            await self._classifier.aclose()

    def _asks_encoder(self, draft: Draft) -> bool:
        if self._encoder is None or draft.opinion is None:
            return False
        return not self.is_sure(draft.examined.detection, draft.detection, draft.opinion)

    def _refined(self, draft: Draft, second: Opinion) -> Detection:
        if draft.opinion is None:
            return draft.detection
        return self.refined(draft.examined.detection, draft.opinion, second)

    def is_unsure(self, detection: Detection) -> bool:
        """Whether a model is worth asking: in the uncertain band, or for a need held in doubt.

        Never behind a gate that a phrase closed, nor one that the policy does not name.
        """
        if detection.purchase or detection.confidence is None:
            return False
        if not self._doubted.issuperset(detection.gates):
            return False
        held_back = detection.need and bool(detection.gates)
        return held_back or self._rules.unsure.holds(detection.confidence)

    def _asks_model(self, detection: Detection) -> bool:
        return self._classifier is not None and self.is_unsure(detection)

    async def _later(self, judgement: "Judgement", draft: Draft, turn: Turn) -> None:
        if self._encoder is not None and self._asks_encoder(draft):
            second = await self._encoder.judge(draft.text, turn.transcript)
            if second is not None:
                judgement.best = self._refined(draft, second)
        judgement.best = await self.opined(judgement.best, turn.question, turn.transcript)

    def _decided(self, detection: Detection, answer: Answer) -> Detection:
        scores = {
            **detection.scores,
            "llm.seconds": round(answer.seconds, 3),
            "llm.prompt_tokens": float(answer.prompt_tokens),
            "llm.completion_tokens": float(answer.completion_tokens),
            "llm.cost_usd": round(answer.cost_usd, 6),
        }
        detection = replace(detection, scores=scores)
        verdict = answer.verdict
        if verdict is None:
            return detection
        return with_choice(detection, verdict.offer, verdict.reason, self._offers)


class Judgement:
    """What is known of one question so far: `best` grows better while the model replies."""

    def __init__(self, best: Detection, earlier_gates: tuple[tuple[str, ...], ...] = ()) -> None:
        self.best = best
        self.earlier_gates = earlier_gates
        self._task: asyncio.Task[None] | None = None

    def improve(self, work: Coroutine[Any, Any, None]) -> None:
        """Run `work`, which makes `best` better, on the running loop."""
        self._task = asyncio.get_running_loop().create_task(work)

    async def settled(self, within_seconds: float) -> Detection:
        """The best detection there is within so many seconds; what is late is given up.

        Raises:
            Exception: whatever went wrong in a later stage; `best` holds what came before.
        """
        if self._task is None:
            return self.best
        await asyncio.wait({self._task}, timeout=max(0.0, within_seconds))
        if not self._task.done():
            self._task.cancel()
        elif not self._task.cancelled():
            self._task.result()
        return self.best
