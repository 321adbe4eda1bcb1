"""What policy and wording need to know of a reply, each fact looked for when it is first asked for.

Each costs a walk over the whole reply, and most questions deserve no offer: of their replies nobody
asks which offers they name, or how many pet names they have used up.
"""

from functools import cached_property

from tay_middleware import naming, weave
from tay_middleware.decide.replies import Heard, Obstacle, ReplyReader
from tay_middleware.decide.woven import last_paragraph
from tay_middleware.engine.answers import unanswered
from tay_middleware.engine.drafts import ends_in_a_draft
from tay_middleware.engine.pending import Reply
from tay_middleware.languages import matches_language
from tay_middleware.playbook import Playbook


class FoundFacts:
    """The `Facts` of one reply, found in its text."""

    def __init__(self, reply: Reply, playbook: Playbook, reader: ReplyReader) -> None:
        """Look for nothing yet; `reader` is of the same playbook."""
        self._reply = reply
        self._playbook = playbook
        self._reader = reader

    @cached_property
    def obstacle(self) -> Obstacle | None:
        """Why nothing may be added, by the surface or by the text itself."""
        obstacle, text = self._reply.obstacle, self._reply.text
        if obstacle is None:
            obstacle = _in_the_way(text, self._playbook.signers)
        if self._heard.advises_against and obstacle in {None, Obstacle.NO_ANSWER}:
            return Obstacle.ADVISES_AGAINST
        return obstacle

    @cached_property
    def names(self) -> frozenset[str]:
        """The offers that it names."""
        return naming.names_among(self._words, self._playbook.names_in_replies)

    @cached_property
    def links(self) -> frozenset[str]:
        """The offers whose link it has."""
        offers, text = self._playbook.offers, self._reply.text
        return frozenset(name for name, offer in offers.items() if _stands_in(offer.link, text))

    @cached_property
    def in_language(self) -> bool:
        """Whether it is in the playbook's language."""
        voice = self._playbook.voice
        return matches_language(self._reply.text, voice.function_words, voice.language)

    @cached_property
    def pet_names(self) -> int:
        """How many it has; below a goodbye, or a paragraph with one, there is none left to say."""
        voice, text = self._playbook.voice, self._reply.text
        counted = sum(word in voice.pet_names for word in self._words)
        if counted and any(
            word in voice.pet_names for word in naming.words(last_paragraph(text)[1])
        ):
            return max(counted, voice.max_pet_names)
        last = text.rstrip().rpartition("\n")[2].replace("\u2019", "'")
        if any(said.search(last) for said in self._playbook.farewells):
            return max(counted, voice.max_pet_names)
        return counted

    @cached_property
    def has_emoji(self) -> bool:
        """Whether it has one."""
        return weave.has_emoji(self._reply.text)

    @property
    def gates(self) -> tuple[str, ...]:
        """The gates that it closes."""
        return self._heard.gates

    @cached_property
    def _words(self) -> list[str]:
        return naming.words(self._reply.text)

    @cached_property
    def _heard(self) -> Heard:
        return self._reader.read(self._reply.text)


def _in_the_way(text: str, signers: frozenset[str]) -> Obstacle | None:
    if not weave.has_place(text, signers):
        return Obstacle.NO_PLACE
    return unanswered(text) or (Obstacle.DRAFT if ends_in_a_draft(text) else None)


def _stands_in(link: object, text: str) -> bool:
    return link is not None and str(link).rstrip("/") in text
