"""Whether a reply carries a sentence of ours, and about which offer."""

import re
from collections.abc import Iterable, Sequence

from tay_middleware.domain import Message
from tay_middleware.playbook.schema import Template

LEAST_CHARS = 20
"""Characters of a wording that tell it from anything the model may say by itself."""

_EDGES = " ,;:.!?-\u2014\u2013"
"""What a rendering may change where a placeholder stood, with the letter case after it."""

_PLACEHOLDER = re.compile(r"\$\{?\w+\}?")


def reply_before(transcript: Sequence[Message]) -> str | None:
    """The reply just before a message, `None` where another message of hers is, or nothing."""
    last = transcript[-1] if transcript else None
    return last.content if last is not None and last.role == "assistant" else None


def last_paragraph(reply: str) -> tuple[str, str]:
    """What stands above the last paragraph of a reply, and that paragraph."""
    above, _, last = reply.replace("\r\n", "\n").rstrip().rpartition("\n\n")
    return above, last


class Woven:
    """Knows the wordings of one playbook by their longest stretch without a placeholder."""

    def __init__(self, templates: Iterable[Template]) -> None:
        stretches = (
            (max(map(_plain, _PLACEHOLDER.split(one.text)), key=len), one.offer)
            for one in templates
        )
        self._stretches = [one for one in stretches if len(one[0]) >= LEAST_CHARS]

    def offer_in(self, reply: str) -> str | None:
        """The offer of our sentence in the last paragraph of a reply; `None` without one."""
        last = last_paragraph(reply)[1].casefold()
        return next((offer for words, offer in self._stretches if words in last), None)


def _plain(stretch: str) -> str:
    return stretch.strip(_EDGES).casefold()
