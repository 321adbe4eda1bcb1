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
from tay_middleware.decide.answering import plainly
from tay_middleware.decide.answers import Answer, Answers
from tay_middleware.decide.asked_back import to_a_question
from tay_middleware.decide.asking_anyway import asks_beside_a_stop
from tay_middleware.decide.buying import Buying, beside
from tay_middleware.decide.gates import (
    POLITE,
    certainly_closed,
    closed_gates,
    closing_phrases,
    doubted,
    is_on_topic,
    is_open,
    unsuspected,
    weakly_closed,
)
from tay_middleware.decide.named import named
from tay_middleware.decide.offers import Catalogue, Choice
from tay_middleware.decide.reading import Part, Reader, Reading, Rules
from tay_middleware.decide.spoken_of import SpokenOf
from tay_middleware.decide.topics import topic_of
from tay_middleware.decide.weigh import Scale, Weighed, is_negated
from tay_middleware.decide.woven import Woven
from tay_middleware.domain import Detection, Indicator, Message, Reason, Stage
from tay_middleware.playbook.gate_names import OFF_TOPIC

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
class _Found:
    """What the words come to; `has` says what she has, `is_ours` that the subject is ours.

    `anyway`: she asks to buy beside a stop.
    """

    need: _Need
    anyway: bool
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
        self._answers = Answers(self._reader, Woven(rules.templates))
        self._spoken_of = SpokenOf(rules, self._reader)
        self._buying = Buying(rules, self._reader.read, self._spoken_of, self._catalogue)
        gates = rules.gates.gates.items()
        self._suspected = tuple(name for name, gate in gates if gate.suspected_by)
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
        answer = self._answers.of(question, reading, transcript)
        found = self._found(reading, weighed, transcript, answer)
        detection = self._detection(found, reading, transcript, answer)
        if answer.to_a_question:
            plain = plainly(question) if answer.closes else question
            said = reading if plain == question else self._reader.read(plain)
            detection = to_a_question(detection, said)
        detection = self.understood(detection, transcript)
        return Examined(detection, reading.window.heard or reading.window.literal)

    def _found(
        self, reading: Reading, weighed: Weighed, transcript: Sequence[Message], answer: Answer
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
        if need.enquires:
            gates = tuple(gate for gate in gates if gate not in POLITE)
        has = ownership.said(reading)
        return _Found(
            need=need,
            anyway=need.purchase
            and asks_beside_a_stop(reading, self._buying.asking(reading), self._rules.gates),
            gates=(*gates, *ownership.closing((one.group for one in has), need.offer)),
            has=has,
            scores=_scores(choice, weighed, total),
            indicators=weighed.indicators,
            is_ours=need.purchase or is_on_topic(reading, weighed.points, self._rules.gates),
        )

    def _detection(
        self, found: _Found, reading: Reading, transcript: Sequence[Message], answer: Answer
    ) -> Detection:
        need, gates = found.need, found.gates
        about = topic_of(reading, transcript, self._rules.topics, self._reader.read)
        return Detection(
            escalate=need.offer is not None and is_open(gates, asks_anyway=found.anyway),
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
            asks_anyway=found.anyway,
            asks_why=_asks_why(reading),
            opts_in=any(not is_negated(hit, reading) for hit in reading.of(Part.OPTS_IN)),
            follows=OFF_TOPIC not in gates and not found.is_ours,
            closed_by=(*(closing_phrases(reading, gates) if gates else ()), *found.has),
            weakly=weakly_closed(reading, gates, mentioned=answer.to_a_mention or found.anyway)
            if gates
            else (),
            certainly=certainly_closed(reading, gates) if gates else (),
            unsuspected=unsuspected(reading, transcript, self._suspected, self._reader.read),
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
        mentioned = self._answers.woven_in(transcript)
        offers = {mentioned} if mentioned else self._spoken_of.last(transcript)
        return ownership.understood(detection, offers)

    def read(self, text: str) -> Reading:
        """Everything that the playbook's phrases find in `text`: the features of any scorer."""
        return self._reader.read(text)

    def mentioned_before(self, transcript: Sequence[Message]) -> bool:
        """Whether the last message is a reply that names an offer: what follows may answer it."""
        return self._answers.mentioned_before(transcript)

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
