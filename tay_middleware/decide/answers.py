"""What a message is as the answer to the reply just before it, by its words.

Whether that reply carried a mention history knows better (see `aftermath`): here is read what the
transcript shows.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from tay_middleware.decide.answering import SHORT_CHARS, bare, clauses, opened, plainly, turns_away
from tay_middleware.decide.asked_back import asks_at_its_end
from tay_middleware.decide.gates import bare_answers
from tay_middleware.decide.named import named, speaks_of, surely_named
from tay_middleware.decide.reading import Part, Reader, Reading
from tay_middleware.decide.woven import Woven, reply_before
from tay_middleware.domain import Message
from tay_middleware.playbook.gate_names import OPT_OUT, REFUSAL

NAME_WORDS = 2
"""Most words of a message that asks nothing but what an offer is: "the mentorship?"."""


@dataclass(frozen=True, slots=True)
class Answer:
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


class Answers:
    """Reads messages as answers, by the phrases of one playbook; used from any thread."""

    def __init__(self, reader: Reader, woven: Woven) -> None:
        self._reader = reader
        self._woven = woven

    def of(self, question: str, reading: Reading, transcript: Sequence[Message]) -> Answer:
        """What `question`, which `reading` is of, is as an answer to the last of `transcript`."""
        closes = self._closes(question, reading)
        asks_more = self._asks_more(question, reading)
        closing = bool(closes) or reading.has(Part.AFTER_MENTION) or reading.has(Part.GATE)
        to_reply = (closing or asks_more) and self._asked_back(reading, transcript)
        return Answer(
            closes=() if to_reply and turns_away(question) else closes,
            asks_more=asks_more,
            to_a_question=to_reply,
            to_a_mention=closing and not to_reply and self.mentioned_before(transcript),
            to_words_of_ours=self.woven_in(transcript) if closing or asks_more else None,
        )

    def mentioned_before(self, transcript: Sequence[Message]) -> bool:
        """Whether the last message is a reply that names an offer: what follows may answer it.

        A noun that is anybody's in a reply ("one to one") names none.
        """
        reply = reply_before(transcript)
        return reply is not None and bool(surely_named(self._reader.read(reply)))

    def woven_in(self, transcript: Sequence[Message]) -> str | None:
        """The offer of our sentence at the end of the reply just before."""
        reply = reply_before(transcript)
        return None if reply is None else self._woven.offer_in(reply)

    def _closes(self, text: str, reading: Reading) -> tuple[str, ...]:
        """The gates that a short message closes where it answers a mention.

        A clause of it is enough ("not now, saving for a baby") where the message asks nothing and
        names nothing else that it could be about; but a lone "no" in it ("no. 3 packs") may mean
        anything, and a stop, which holds for months, is all of it.
        """
        if turns_away(text):
            return (REFUSAL,)
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
        told = (one for one in clauses(plain) if " " in one)
        noes = (hit for one in told for hit in bare_answers(self._reader.read(one)))
        return tuple({sense.name: None for *_, sense in noes if sense.name != OPT_OUT})

    def _asks_more(self, text: str, reading: Reading) -> bool:
        """Whether a message, or what follows its opener, asks for what was just mentioned."""
        if _is_a_name_asked(text) and surely_named(reading):
            return True
        begun = text if len(text) > SHORT_CHARS else opened(text)
        if begun == text and not reading.has(Part.ASKS_MORE):
            return False
        if speaks_of(reading, Part.CRAFT):
            return False
        return reading.has(Part.ASKS_MORE) or self._reader.read(begun).has(Part.ASKS_MORE)

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


def _is_a_name_asked(text: str) -> bool:
    """Whether a message is a few words and a question mark: "the mentorship?"."""
    return text.rstrip().endswith("?") and len(text.split()) <= NAME_WORDS
