"""A short message without what says nothing in it: "do you do, like, a masterclass or something?".

Only what is to be the whole of a message is looked for in it: of anything longer nobody can say
that a word more or less is no difference.
"""

from collections.abc import Iterable, Iterator

from tay_middleware.decide.reading import Part, Reading

MOST_CHARS = 160
"""No message that is hardly more than an enquiry is longer."""

_PAUSES = " ,"


def without_fillers(reading: Reading) -> Iterator[str]:
    """The ways to read a message without its fillers; none where it has none, or is long.

    The pause beside a filler is its own ("do you do, like, a course"), or parts what stands before
    it from what is asked ("love that, um, do you have a course").
    """
    fillers, text = reading.of(Part.FILLER), reading.window.literal
    if not fillers or len(text) > MOST_CHARS:
        return
    pieces, at = [], 0
    for start, end, _ in fillers:
        pieces.append(text[at:start])
        at = max(at, end)
    pieces.append(text[at:])
    yield _joined(piece.strip(_PAUSES) for piece in pieces)
    if any("," in piece for piece in pieces[:-1]):
        yield _joined(piece.strip() for piece in pieces)


def _joined(pieces: Iterable[str]) -> str:
    return " ".join(piece for piece in pieces if piece)
