"""What policy and wording need to know of a reply, read from its text."""

from tay_middleware import naming, weave
from tay_middleware.decide import ReplyFacts
from tay_middleware.decide.replies import ADVISES_AGAINST, NO_ANSWER, ReplyReader
from tay_middleware.engine.answers import unanswered
from tay_middleware.engine.pending import Reply
from tay_middleware.languages import matches_language
from tay_middleware.playbook import Playbook


def facts_of(reply: Reply, playbook: Playbook, reader: ReplyReader) -> ReplyFacts:
    """What policy and wording need to know of a reply; `reader` is of the same playbook."""
    voice, place = playbook.voice, weave.has_place(reply.text)
    obstacle = reply.obstacle or (unanswered(reply.text) if place else "no_place")
    heard = reader.read(reply.text)
    if heard.advises_against and obstacle in {None, NO_ANSWER}:
        obstacle = ADVISES_AGAINST
    return ReplyFacts(
        obstacle=obstacle,
        names=naming.names_found(
            reply.text,
            {name: offer.names_in_replies for name, offer in playbook.offers.items()},
        ),
        links=frozenset(
            name for name, offer in playbook.offers.items() if _stands_in(offer.link, reply.text)
        ),
        in_language=matches_language(reply.text, voice.function_words, voice.language),
        pet_names=_pet_names(reply.text, playbook),
        has_emoji=weave.has_emoji(reply.text),
        gates=heard.gates,
    )


def _pet_names(text: str, playbook: Playbook) -> int:
    """How many a reply has; after a goodbye no further one is left to say."""
    voice = playbook.voice
    counted = naming.count_words(text, voice.pet_names)
    last = text.rstrip().rpartition("\n")[2].replace("\u2019", "'")
    if any(said.search(last) for said in playbook.farewells):
        return max(counted, voice.max_pet_names)
    return counted


def _stands_in(link: object, text: str) -> bool:
    return link is not None and str(link).rstrip("/") in text
