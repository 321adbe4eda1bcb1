"""A stop and a question in one message: "no more recommendations, but what is the mentorship?".

The stop counts, and what she asks herself is answered once, as it is in any message after a stop.
"""

import re
from collections.abc import Sequence

from tay_middleware.decide.normalise import CLAUSE_ENDS
from tay_middleware.decide.reading import Found, Part, Reading
from tay_middleware.domain import Suppression
from tay_middleware.playbook.evidence import Gates

_TURNS = re.compile(r"\b(?:but|though|tho|however|anyway|anyways|still|just|only)\b")
"""Words that turn from the stop to the question where no mark stands between them."""


def asks_beside_a_stop(reading: Reading, asking: Sequence[Found], gates: Gates) -> bool:
    """Whether a message says stop, and asks for something of ours in another clause.

    "Stop telling me how much the mentorship is" asks for nothing.

    Args:
        reading: the message, read.
        asking: the phrases that ask to buy in it.
        gates: the playbook's, of which some are a stop.
    """
    stops = [
        hit
        for hit in reading.of(Part.GATE)
        if gates.gates[hit[2].name].cause is Suppression.OPTED_OUT
    ]
    return bool(stops) and any(
        all(_is_apart(hit, stop, reading.window.literal) for stop in stops) for hit in asking
    )


def _is_apart(asking: Found, stop: Found, text: str) -> bool:
    first, second = sorted((asking[:2], stop[:2]))
    if second[0] < first[1]:
        return False
    between = text[first[1] : second[0]]
    return not CLAUSE_ENDS.isdisjoint(between) or _TURNS.search(between) is not None
