"""The keyword stage: what a question deserves by its words alone, with every step on record.

Reads the question once, weighs what was found, scores each offer on its own evidence, asks whether
that is enough by the brief's rule and the score, and only then looks at the gates: `need` is the
verdict before them, `escalate` the verdict after. A wish to buy a named offer has its own lane.
Pure and without state: the same input gives the same detection, from any thread.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from tay_middleware.decide import ownership
from tay_middleware.decide.answering import SHORT_CHARS, plainly
from tay_middleware.decide.asked_back import asks_at_its_end, to_a_question
from tay_middleware.decide.buying import Buying, beside
from tay_middleware.decide.gates import (
    OFF_TOPIC,
    bare_answers,
    certainly_closed,
    closed_gates,
    closing_phrases,
    doubted,
    is_on_topic,
    unsuspected,
    weakly_closed,
)
from tay_middleware.decide.named import named, surely_named
from tay_middleware.decide.offers import Catalogue, Choice
from tay_middleware.decide.reading import Part, Reader, Reading, Rules
from tay_middleware.decide.spoken_of import SpokenOf
from tay_middleware.decide.topics import topic_of
from tay_middleware.decide.weigh import Scale, Weighed, is_negated
from tay_middleware.decide.woven import Woven, reply_before
from tay_middleware.domain import Detection, Indicator, Message, Reason, Stage

NO_SIGNALS: Mapping[str, object] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Examined:
    """What the keyword stage found, and the question as it heard it (`Window.aloud`)."""

    detection: Detection
    literal: str


@dataclass(frozen=True, slots=True)
class _Need:
    """The verdict before the gates."""

    offer: str | None
    reason: Reason | None
    purchase: bool = False
    enquires: bool = False


@dataclass(frozen=True, slots=True)
class _Answer:
    """What a message is as the answer to the reply just before it.

    `closes` are the gates that it closes if that carried a mention, `asks_more` whether it asks for
    what was mentioned. `to_a_question`: the reply itself asked something; `to_a_mention`: it named
    an offer, and this closes something; `to_words_of_ours` is the offer of our sentence in it.
    """

    closes: tuple[str, ...]
    asks_more: bool
    to_a_question: bool
    to_a_mention: bool
    to_words_of_ours: str | None


@dataclass(frozen=True, slots=True)
class _Found:
    """What the words come to; `has` says what she has, `is_ours` that the subject is ours."""

    need: _Need
    gates: tuple[str, ...]
    has: tuple[Indicator, ...]
    scores: Mapping[str, float]
    indicators: tuple[Indicator, ...]
    is_ours: bool


class Detector:
    """Detects by the phrases and weights of one playbook; built once, used from any thread."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._reader = Reader(rules)
        self._threshold = rules.policy.threshold
        self._scale = Scale(rules.indicators)
        self._catalogue = Catalogue(rules.offers, rules.indicators.groups)
        self._woven = Woven(rules.templates)
        self._spoken_of = SpokenOf(rules, self._reader)
        self._buying = Buying(rules, self._spoken_of, self._catalogue)
        kinds = {name: group.kind for name, group in rules.indicators.groups.items()}
        self._of_kind = {
            kind: frozenset(name for name, own in kinds.items() if own == kind)
            for kind in ("personal", "business")
        }

    def detect(
        self,
        question: str,
        transcript: Sequence[Message] = (),
        signals: Mapping[str, object] = NO_SIGNALS,
    ) -> Detection:
        """What `question` deserves by its words alone, history and ownership aside."""
        return doubted(self.examine(question, transcript, signals).detection)

    def examine(
        self,
        question: str,
        transcript: Sequence[Message] = (),
        signals: Mapping[str, object] = NO_SIGNALS,
    ) -> Examined:
        """The detection of a question, with its folded text for the scorers that come after.

        Weakly closed gates are closed in it: whether there is a need the scorers know better.

        Args:
            question: the text as typed; head and tail of a long one are read.
            transcript: earlier messages of this conversation, oldest first.
            signals: what the app knows beside the text (see `Indicators.signals`).
        """
        reading = self._reader.read(question)
        weighed = self._with_signals(self._scale.weigh(reading), signals)
        answer = self._as_an_answer(question, reading, transcript)
        found = self._found(reading, weighed, transcript, answer)
        detection = self._detection(found, reading, transcript, answer)
        if answer.to_a_question:
            plain = plainly(question) if answer.closes else question
            said = reading if plain == question else self._reader.read(plain)
            detection = to_a_question(detection, said)
        detection = self.understood(detection, transcript)
        return Examined(detection, reading.window.heard or reading.window.literal)

    def _as_an_answer(
        self, question: str, reading: Reading, transcript: Sequence[Message]
    ) -> _Answer:
        closes = self._answers(question, reading)
        asks_more = reading.has(Part.ASKS_MORE) and not reading.has(Part.CRAFT)
        closing = bool(closes) or reading.has(Part.AFTER_MENTION) or reading.has(Part.GATE)
        to_reply = (closing or asks_more) and self._asked_back(reading, transcript)
        return _Answer(
            closes=closes,
            asks_more=asks_more,
            to_a_question=to_reply,
            to_a_mention=closing and not to_reply and self.mentioned_before(transcript),
            to_words_of_ours=self._woven_in(transcript) if closing or asks_more else None,
        )

    def _found(
        self, reading: Reading, weighed: Weighed, transcript: Sequence[Message], answer: _Answer
    ) -> _Found:
        """The verdict before the gates, and the gates."""
        choice = self._catalogue.choose(weighed.points)
        total = self._total(choice, weighed)
        spoken = () if answer.to_a_question else transcript
        need = self._need(reading, spoken, weighed, choice, total)
        gates = closed_gates(
            reading,
            transcript,
            weighed.points,
            self._rules.gates,
            self._reader.read,
            ours=need.purchase,
            mentioned=answer.to_a_mention,
        )
        if answer.to_a_mention:
            gates = tuple(dict.fromkeys((*gates, *answer.closes)))
        has = ownership.said(reading)
        return _Found(
            need=need,
            gates=(*gates, *ownership.closing((one.group for one in has), need.offer)),
            has=has,
            scores=_scores(choice, weighed, total),
            indicators=weighed.indicators,
            is_ours=need.purchase or is_on_topic(reading, weighed.points, self._rules.gates),
        )

    def _detection(
        self, found: _Found, reading: Reading, transcript: Sequence[Message], answer: _Answer
    ) -> Detection:
        need, gates = found.need, found.gates
        about = topic_of(reading, transcript, self._rules.topics, self._reader.read)
        return Detection(
            escalate=need.offer is not None and not gates,
            need=need.offer is not None,
            offer=need.offer,
            reason=need.reason,
            stage=Stage.KEYWORDS,
            scores=found.scores,
            gates=gates,
            indicators=found.indicators,
            topic=about.topic,
            sure_topic=about.sure,
            purchase=need.purchase,
            enquires=need.enquires,
            asks_why=_asks_why(reading),
            opts_in=any(not is_negated(hit, reading) for hit in reading.of(Part.OPTS_IN)),
            follows=OFF_TOPIC not in gates and not found.is_ours,
            closed_by=(*(closing_phrases(reading, gates) if gates else ()), *found.has),
            weakly=weakly_closed(reading, gates, mentioned=answer.to_a_mention) if gates else (),
            certainly=certainly_closed(reading, gates) if gates else (),
            unsuspected=unsuspected(reading, transcript, self._rules.gates, self._reader.read),
            spoken_against=tuple(reading.names(Part.AGAINST)),
            answers=answer.closes,
            asks_more=answer.asks_more,
            names=self._buying.named(reading) if answer.asks_more else (),
            mentioned=answer.to_words_of_ours,
            has_it=None if found.has else ownership.said_of_it(reading),
        )

    def understood(self, detection: Detection, transcript: Sequence[Message]) -> Detection:
        """The detection with what "just paid!" was said of, where the conversation tells it."""
        if detection.has_it is None:
            return detection
        mentioned = self._woven_in(transcript)
        offers = {mentioned} if mentioned else self._spoken_of.last(transcript)
        return ownership.understood(detection, offers)

    def read(self, text: str) -> Reading:
        """Everything that the playbook's phrases find in `text`: the features of any scorer."""
        return self._reader.read(text)

    def mentioned_before(self, transcript: Sequence[Message]) -> bool:
        """Whether the last message is a reply that names an offer: what follows may answer it.

        A noun that is anybody's in a reply ("one to one") names none.
        """
        reply = reply_before(transcript)
        return reply is not None and bool(surely_named(self._reader.read(reply)))

    def _answers(self, text: str, reading: Reading) -> tuple[str, ...]:
        """The gates that a short message closes where it answers a mention."""
        if len(text) > SHORT_CHARS:
            return ()
        plain = plainly(text)
        said = bare_answers(reading if plain == text else self._reader.read(plain))
        return tuple({sense.name: None for *_, sense in said})

    def _asked_back(self, reading: Reading, transcript: Sequence[Message]) -> bool:
        """Whether this answers a question of the reply just before it, and not our mention."""
        reply = reply_before(transcript)
        if reply is None or named(reading):
            return False
        return asks_at_its_end(reply, self._is_a_mention)

    def _is_a_mention(self, paragraph: str) -> bool:
        """Whether a paragraph of a reply is our sentence, or names an offer."""
        if self._woven.offer_in(paragraph) is not None:
            return True
        return bool(surely_named(self._reader.read(paragraph)))

    def _woven_in(self, transcript: Sequence[Message]) -> str | None:
        """The offer of our sentence at the end of the reply just before."""
        reply = reply_before(transcript)
        return None if reply is None else self._woven.offer_in(reply)

    def _with_signals(self, weighed: Weighed, signals: Mapping[str, object]) -> Weighed:
        """Evidence that the app brings; it counts beside personal language only."""
        rules = self._rules.indicators
        known = [name for name in rules.signals if signals.get(name) is True]
        if not known or self._of_kind["personal"].isdisjoint(weighed.points):
            return weighed
        points, wordings = dict(weighed.points), dict(weighed.wordings)
        listed = list(weighed.indicators)
        for name in known:
            signal = rules.signals[name]
            held = points.get(signal.group, 0.0)
            added = min(signal.weight, rules.groups[signal.group].cap - held)
            points[signal.group] = held + added
            wordings[signal.group] = wordings.get(signal.group, 0) + 1
            listed.append(Indicator(signal.group, f"signal {name}", 0, 0, added))
        return Weighed(points, wordings, weighed.taken, tuple(listed))

    def _total(self, choice: Choice, weighed: Weighed) -> float:
        """The best offer's score, less what dampers take and less what its lead lacks."""
        if choice.offer is None:
            return 0.0
        lacking = max(0.0, self._threshold.min_margin - choice.margin)
        return choice.scores[choice.offer] - weighed.taken - lacking

    def _need(
        self,
        reading: Reading,
        transcript: Sequence[Message],
        weighed: Weighed,
        choice: Choice,
        total: float,
    ) -> _Need:
        enquired = self._buying.enquired(reading, choice.scores)
        if enquired is not None:
            return _Need(enquired, Reason.PURCHASE_INTENT, purchase=True, enquires=True)
        wanted = self._buying.wanted(reading, transcript, weighed.points, choice.scores)
        if wanted is not None:
            return _Need(wanted, Reason.PURCHASE_INTENT, purchase=True)
        threshold = self._threshold
        if choice.offer is None or total < threshold.min_score:
            return _Need(None, None)
        if not self._satisfies_the_brief(weighed, choice.offer):
            return _Need(None, None)
        return _Need(choice.offer, self._catalogue.reason(choice.offer, weighed.points))

    def _satisfies_the_brief(self, weighed: Weighed, offer: str) -> bool:
        """Two or more indicators, or business context with personal language."""
        threshold = self._threshold
        groups = self._rules.indicators.groups
        counted = sum(
            count
            for name, count in weighed.wordings.items()
            if groups[name].counts and self._catalogue.worth(offer, name) > 0
        )
        if counted >= threshold.indicators:
            return True
        return threshold.business_and_personal and not (
            self._of_kind["personal"].isdisjoint(weighed.points)
            or self._of_kind["business"].isdisjoint(weighed.points)
        )


def _asks_why(reading: Reading) -> bool:
    """Whether it is our mention that is asked about.

    "Why would you recommend it for curly hair?" asks about the answer: unless an offer is named, no
    word of the craft or the trade may stand in the clause beside the asking.
    """
    asked = reading.of(Part.ASKS_WHY)
    if not asked or named(reading):
        return bool(asked)
    subjects = (*reading.of(Part.CRAFT), *reading.of(Part.TRADE))
    return any(not any(beside(hit, word, reading) for word in subjects) for hit in asked)


def _scores(choice: Choice, weighed: Weighed, total: float) -> Mapping[str, float]:
    scores = dict(choice.scores)
    scores["total"] = total
    scores["margin"] = choice.margin
    scores["taken"] = weighed.taken
    scores.update({f"group.{name}": points for name, points in weighed.points.items()})
    return scores
