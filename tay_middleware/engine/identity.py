"""From what an app passes in `configurable` to a `Turn`: lenient with values, strict with types."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from enum import Enum
from types import MappingProxyType
from uuid import UUID

from tay_middleware.domain import History, Message, PastTurn, Tier, Turn
from tay_middleware.engine.telling import tell_once
from tay_middleware.hashing import digest, named_uuid
from tay_middleware.identities import MOST_ID_CHARS, identifier, user_key

TURN_NAMESPACE = UUID("6f1e2c1a-6b7e-5b0e-9a53-0c1a7f3f8d11")
"""Turn ids derived from names lie in a namespace of their own, so that they cannot meet others."""

LONG = (
    f"a user_id has more than {MOST_ID_CHARS} characters: is it a token? One that is new with each "
    "login is a new user each time"
)


def make_turn(
    *,
    question: str,
    at: datetime,
    secret: bytes,
    fresh_id: UUID,
    transcript: Sequence[Message] = (),
    user_id: object = None,
    session_id: object = None,
    tier: object = None,
    owned_offers: object = (),
    turn_id: object = None,
    idempotency_seed: str | None = None,
    signals: object = None,
    simulated: bool = False,
) -> Turn:
    """A turn from an app's own values; never raises for odd ones.

    Without a `user_id` the session stands in for the user: history then reaches no further than the
    session. `turn_id` may be a UUID, or any text that is unique among those of its user and
    session (a counter, say). Where no session is known such a text stands for the turn only
    together with the question: strangers, and conversations of one user, all have a turn 1.
    Without a `turn_id` `idempotency_seed` makes one, and without that it is `fresh_id`.
    """
    if isinstance(user_id, str) and len(user_id) > MOST_ID_CHARS:
        tell_once(LONG)
    user, session = identifier(user_id), identifier(session_id)
    asker = f"{user!r}:{session!r}" if session else f"{user!r}:{session!r}:{_digest(question)}"
    return Turn(
        turn_id=_turn_id(turn_id, asker, idempotency_seed, fresh_id),
        question=question,
        asked_at=at,
        user_id=user,
        user_key=key_of(secret, user_id=user_id, session_id=session_id),
        session_id=session,
        session_key=user_key(secret, f"session:{session}") if session else None,
        tier=Tier.parse(_value(tier)),
        owned_offers=_names(_value(owned_offers)),
        transcript=tuple(transcript),
        signals=_signals(signals),
        simulated=simulated,
    )


def key_of(secret: bytes, *, user_id: object = None, session_id: object = None) -> str | None:
    """The key under which a user is kept, or a session whose user is not known.

    `None` where both ids are empty.
    """
    user, session = identifier(user_id), identifier(session_id)
    identity = f"user:{user}" if user else f"session:{session}" if session else None
    return user_key(secret, identity) if identity else None


def recognised(history: History, turn: Turn) -> History:
    """The history with the turn's own session by its id, where the store knows it by its key.

    Of other sessions it matters only that they are others.
    """
    key, own = turn.session_key, turn.session_id
    if key is None:
        return history
    return replace(
        history,
        turns=tuple(
            _in_session(one, own) if one.session_id == key else one for one in history.turns
        ),
        declined_session=own if history.declined_session == key else history.declined_session,
        closed=tuple(
            replace(one, session_id=own) if one.session_id == key else one for one in history.closed
        ),
    )


def _in_session(past: PastTurn, session_id: str | None) -> PastTurn:
    """The same turn in another session: `replace` takes thrice as long, and there may be fifty."""
    return PastTurn(
        turn_id=past.turn_id,
        at=past.at,
        session_id=session_id,
        topic=past.topic,
        kind=past.kind,
        offer=past.offer,
        reason=past.reason,
        gates=past.gates,
        template=past.template,
        failed=past.failed,
    )


_NO_SIGNALS: Mapping[str, object] = MappingProxyType({})


def _digest(question: str) -> str:
    return digest(question.encode("utf-8", "surrogatepass")).hex()


def _signals(value: object) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        return _NO_SIGNALS
    return MappingProxyType({name: _value(told) for name, told in value.items()})


def _value(given: object) -> object:
    """What a member of an enum stands for: as a text it would be `Offer.COURSE`."""
    if isinstance(given, Enum):
        return given.value
    if isinstance(given, list | tuple | set | frozenset):
        return [_value(one) for one in given]
    return given


def _names(value: object) -> frozenset[str]:
    """Names in any shape; in a plain text commas part them."""
    if isinstance(value, str):
        return frozenset(name.strip() for name in value.split(",") if name.strip())
    if isinstance(value, Iterable):
        return frozenset(str(name) for name in value)
    return frozenset()


def _turn_id(value: object, asker: str, seed: str | None, fresh: UUID) -> UUID:
    if isinstance(value, UUID):
        return value
    text = identifier(value)
    if text is not None:
        try:
            return UUID(text)
        except ValueError:
            return named_uuid(TURN_NAMESPACE, f"turn:{asker}:{text}")
    return fresh if seed is None else named_uuid(TURN_NAMESPACE, f"run:{seed}")
