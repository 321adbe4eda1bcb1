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
from tay_middleware.decide.answering import SHORT_CHARS, bare, clauses, opened, plainly
from tay_middleware.decide.asked_back import asks_at_its_end, to_a_question
from tay_middleware.decide.asking_anyway import asks_beside_a_stop
from tay_middleware.decide.buying import Buying, beside
from tay_middleware.decide.gates import (
    OFF_TOPIC,
    POLITE,
    STOP,
    bare_answers,
    certainly_closed,
    closed_gates,
    closing_phrases,
    doubted,
    is_on_topic,
    is_open,
    unsuspected,
    weakly_closed,
)
from tay_middleware.decide.named import named, speaks_of, surely_named
from tay_middleware.decide.offers import Catalogue, Choice
from tay_middleware.decide.reading import Part, Reader, Reading, Rules
from tay_middleware.decide.spoken_of import SpokenOf
from tay_middleware.decide.topics import topic_of
from tay_middleware.decide.weigh import Scale, Weighed, is_negated
from tay_middleware.decide.woven import Woven
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
        choice = self._catalogue.choose(weighed.points)
        total = self._total(choice, weighed)
        answers = self._answers(question, reading)
        asks_more = self._asks_more(question, reading)
        heard = bool(answers) or reading.has(Part.AFTER_MENTION) or reading.has(Part.GATE)
        asked_back = (heard or asks_more) and self._asked_back(reading, transcript)
        spoken = () if asked_back else transcript
        need = self._need(reading, spoken, weighed, choice, total)
        mentioned = heard and not asked_back and self.mentioned_before(transcript)
        gates = closed_gates(
            reading,
            transcript,
            weighed.points,
            self._rules.gates,
            self._reader.read,
            ours=need.purchase,
            mentioned=mentioned,
        )
        if mentioned:
            gates = tuple(dict.fromkeys((*gates, *answers)))
        if need.enquires:
            gates = tuple(gate for gate in gates if gate not in POLITE)
        anyway = need.purchase and asks_beside_a_stop(
            reading, self._buying.asking(reading), self._rules.gates
        )
        has = ownership.said(reading)
        gates = (*gates, *ownership.closing((found.group for found in has), need.offer))
        about = topic_of(reading, transcript, self._rules.topics, self._reader.read)
        detection = Detection(
            escalate=need.offer is not None and is_open(gates, asks_anyway=anyway),
            need=need.offer is not None,
            offer=need.offer,
            reason=need.reason,
            stage=Stage.KEYWORDS,
            scores=_scores(choice, weighed, total),
            gates=gates,
            indicators=weighed.indicators,
            topic=about.topic,
            sure_topic=about.sure,
            purchase=need.purchase,
            enquires=need.enquires,
            asks_anyway=anyway,
            asks_why=_asks_why(reading),
            opts_in=any(not is_negated(found, reading) for found in reading.of(Part.OPTS_IN)),
            follows=OFF_TOPIC not in gates
            and not (need.purchase or self._is_ours(reading, weighed)),
            closed_by=(*(closing_phrases(reading, gates) if gates else ()), *has),
            weakly=weakly_closed(reading, gates, mentioned=mentioned or anyway) if gates else (),
            certainly=certainly_closed(reading, gates) if gates else (),
            unsuspected=unsuspected(reading, transcript, self._rules.gates, self._reader.read),
            spoken_against=tuple(reading.names(Part.AGAINST)),
            answers=answers,
            asks_more=asks_more,
            names=self._buying.named(reading) if asks_more else (),
            mentioned=self._woven_in(transcript) if heard or asks_more else None,
            has_it=None if has else ownership.said_of_it(reading),
        )
        if asked_back:
            plain = plainly(question) if answers else question
            said = reading if plain == question else self._reader.read(plain)
            detection = to_a_question(detection, said)
        detection = self.understood(detection, transcript)
        return Examined(detection, reading.window.heard or reading.window.literal)

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
        last = transcript[-1] if transcript else None
        if last is None or last.role != "assistant":
            return False
        return bool(surely_named(self._reader.read(last.content)))

    def _answers(self, text: str, reading: Reading) -> tuple[str, ...]:
        """The gates that a short message closes where it answers a mention.

        A clause of it is enough ("not now, saving for a baby") where the message asks nothing and
        names nothing else that it could be about; but a stop, which holds for months, is all of it.
        """
        if len(text) > SHORT_CHARS:
            return ()
        plain = plainly(text)
        said = [plain, bare(plain)]
        for one in dict.fromkeys(said):
            found = bare_answers(reading if one == text else self._reader.read(one))
            if found:
                return tuple({sense.name: None for *_, sense in found})
        if "?" in text or speaks_of(reading, Part.CRAFT, Part.TRADE, Part.ELSEWHERE):
            return ()
        noes = (hit for one in clauses(plain) for hit in bare_answers(self._reader.read(one)))
        return tuple({sense.name: None for *_, sense in noes if sense.name != STOP})

    def _asks_more(self, text: str, reading: Reading) -> bool:
        """Whether a message, or what follows its opener, asks for what was just mentioned."""
        if speaks_of(reading, Part.CRAFT):
            return False
        begun = text if len(text) > SHORT_CHARS else opened(text)
        return reading.has(Part.ASKS_MORE) or (
            begun != text and self._reader.read(begun).has(Part.ASKS_MORE)
        )

    def _asked_back(self, reading: Reading, transcript: Sequence[Message]) -> bool:
        """Whether this answers a question of the reply just before it, and not our mention."""
        last = transcript[-1] if transcript else None
        if last is None or last.role != "assistant" or named(reading):
            return False
        return asks_at_its_end(last.content, self._is_a_mention)

    def _is_a_mention(self, paragraph: str) -> bool:
        """Whether a paragraph of a reply is our sentence, or names an offer."""
        if self._woven.offer_in(paragraph) is not None:
            return True
        return bool(surely_named(self._reader.read(paragraph)))

    def _woven_in(self, transcript: Sequence[Message]) -> str | None:
        """The offer of our sentence at the end of the reply just before."""
        last = transcript[-1] if transcript else None
        if last is None or last.role != "assistant":
            return None
        return self._woven.offer_in(last.content)

    def _is_ours(self, reading: Reading, weighed: Weighed) -> bool:
        return is_on_topic(reading, weighed.points, self._rules.gates)

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
