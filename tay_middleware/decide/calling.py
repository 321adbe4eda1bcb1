"""Whether somebody may be called "girl": a man, whoever asks not to be, and who is upset is not.

Who may be upset is shown no emoji either: what is said to her stays plain.

What he says of himself counts for the conversation, as far as it comes with the question; an app
that knows says so with every turn (`signals`).
"""

from collections.abc import Iterator
from dataclasses import replace

from tay_middleware.decide.replies import Facts, ReplyFacts
from tay_middleware.domain import Turn
from tay_middleware.playbook import Playbook

SIGNAL = "pet_names"
"""The signal by which an app says that pet names are wrong for a user, with one of `_NO`."""

_NO = frozenset({"false", "no", "none", "0", "off"})


def fitting(reply: Facts, turn: Turn, playbook: Playbook, *, upset: bool = False) -> Facts:
    """The facts of a reply, with no pet name left to say where none may be said to this user.

    `upset`: a learned head suspects that she is, whatever her words (see `Detection`).
    """
    if _may_be_called(turn, playbook) and not upset:
        return reply
    known = ReplyFacts.of(reply)
    spent = max(known.pet_names, playbook.voice.max_pet_names)
    return replace(known, pet_names=spent, has_emoji=known.has_emoji and not upset)


def _may_be_called(turn: Turn, playbook: Playbook) -> bool:
    if str(turn.signals.get(SIGNAL, "")).strip().lower() in _NO:
        return False
    return not any(said.search(text) for text in _said(turn) for said in playbook.not_called)


def _said(turn: Turn) -> Iterator[str]:
    """What the user says in this conversation, with straight apostrophes."""
    for text in (turn.question, *(one.content for one in turn.transcript if one.role == "user")):
        yield text.replace("\u2019", "'")
