"""What a message says for the turns after it: gates that stay closed, a no or a stop, their end."""

from collections.abc import Iterable, Iterator, Sequence

from tay_middleware.decide.guesses import GUESSED, OPTED_IN, guessed, outright
from tay_middleware.decide.ownership import told_of
from tay_middleware.domain import ClosedGate, Detection, Suppression, Turn
from tay_middleware.playbook.evidence import Gate, Gates

NOES = frozenset({Suppression.DECLINED, Suppression.OPTED_OUT})
"""The causes that a user can take back by opting in."""

KEPT = frozenset({Suppression.SENSITIVE, Suppression.OWNS_OFFER})
"""The causes of gates that are kept by their names."""


def staying_closed(names: Iterable[str], gates: Gates) -> Iterator[tuple[str, Gate]]:
    """Those of the closed gates that keep later turns quiet too, a guessed one under its own name.

    A no and a stop are kept apart (`declined_at`, `opted_out_at`), but for a guessed one; a gate
    that is closed in doubt alone (`perhaps_…`) holds for its own turn.
    """
    for name in names:
        gate = gates.gates.get(name.removeprefix(GUESSED))
        if gate is None or not gate.sticky_seconds:
            continue
        if gate.cause in KEPT or (name.startswith(GUESSED) and gate.cause in NOES):
            yield name, gate


def lasting(closed: Sequence[str], gates: Gates) -> tuple[str, ...]:
    """The gates that a message closed, as they count for the ones after it.

    "Stop plugging your stuff, it's annoying" is no grievance but a stop: who asks for a price later
    is answered, as our confirmation says. So a complaint goes that is one about mentions.
    """
    if Suppression.OPTED_OUT not in gates.causes(closed):
        return tuple(closed)
    return tuple(
        name for name in closed if name not in gates.gates or gates.gates[name].reacts_as is None
    )


def kept_closed(turn: Turn, detection: Detection, gates: Gates) -> tuple[ClosedGate, ...]:
    """What is kept of a message for longer than its turn: gates, and what she says she has.

    What holds in every session takes a phrase that means nothing else, and so does a no or a stop
    for days: what a learned head guesses, or a weak phrase, holds for the session that it was said
    in, if there is one (see `guesses`). What she has is kept by the name of the offer, until she
    gave it back; only where she names none does the gate itself keep the session quiet.
    """
    told = tuple(told_of({phrase.group: None for phrase in detection.closed_by}))
    said = outright(detection)
    kept = [ClosedGate(name, turn.asked_at) for name in told]
    for name in lasting(detection.gates, gates):
        gate = gates.gates.get(name)
        if gate is None or not gate.sticky_seconds:
            continue
        if told and gate.cause is Suppression.OWNS_OFFER:
            continue
        if name not in said and (gate.sticky_everywhere or gate.cause in NOES):
            kept += guessed(name, turn)
        elif gate.cause in KEPT:
            session = None if gate.sticky_everywhere else turn.session_id
            kept.append(ClosedGate(name, turn.asked_at, session))
    if ends_noes(detection, gates):
        kept.append(ClosedGate(OPTED_IN, turn.asked_at))
    return tuple(kept)


def ends_noes(detection: Detection, gates: Gates) -> bool:
    """Whether a message takes back every stop and no before it: it opts in and says neither."""
    return detection.opts_in and gates.causes(detection.gates).isdisjoint(NOES)


def said_noes(detection: Detection, gates: Gates) -> frozenset[Suppression]:
    """The causes of a stop and a no that count for days: those in so many words."""
    return gates.causes(outright(detection)).intersection(NOES)


def without_noes(closed: Sequence[str], gates: Gates) -> tuple[str, ...]:
    """Closed gates without those of a stop or a no."""
    return tuple(name for name in closed if gates.causes((name,)).isdisjoint(NOES))
