"""Plays labelled conversations through the engine, on a store that is thrown away afterwards.

The clock stands where `days_ago` puts it, each session has an id of its own, and the transcript
holds what was said in the session so far, mentions included, as an app would pass it.
"""

import random
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tay_middleware.decide import describe
from tay_middleware.decide.describe import Json
from tay_middleware.domain import Message
from tay_middleware.engine import Escalator, Reply
from tay_middleware.engine.judging import TurnJudge
from tay_middleware.evals.conversations import Conversation, Conversations, LabelledTurn
from tay_middleware.playbook import Playbook
from tay_middleware.settings import Settings, load_settings
from tay_middleware.storage import open_store

LAST_DAY = datetime(2026, 3, 30, 9, 0, tzinfo=UTC)
"""The day that is 0 days ago; any other would do."""

BETWEEN_TURNS = timedelta(minutes=2)
PATIENCE_SECONDS = 10.0
"""The grace of an evaluation: what is judged is the decision, not this machine's speed."""


@dataclass(frozen=True, slots=True)
class Played:
    """One turn as it went: the decision as an app sees it, and what was appended to the reply."""

    turn: LabelledTurn
    decision: dict[str, Json]
    addition: str | None

    @property
    def shown(self) -> bool:
        """Whether a mention of an offer was appended."""
        return bool(self.decision.get("shown")) and self.addition is not None


@dataclass
class _Clock:
    now: datetime = LAST_DAY

    def __call__(self) -> datetime:
        return self.now


def play(conversations: Conversations, playbook: Playbook, judge: TurnJudge) -> list[Played]:
    """Play every conversation."""
    clock, played = _Clock(), []
    with tempfile.TemporaryDirectory(prefix="tay-eval-") as home:
        engine = throwaway_engine(playbook, Path(home), clock, judge)
        try:
            for conversation in conversations.all:
                played += _conversation(engine, clock, conversation)
        finally:
            engine.close()
    return played


def _settings(home: Path) -> Settings:
    return load_settings(
        home=home,
        database_url=None,
        user_key_secret="the users of an evaluation are made up",  # noqa: S106 - they are
        grace_seconds=PATIENCE_SECONDS,
        recall_timeout_seconds=PATIENCE_SECONDS,
        mode="on",
    )


def throwaway_engine(
    playbook: Playbook, home: Path, clock: Callable[[], datetime], judge: TurnJudge
) -> Escalator:
    """An engine on an embedded store in `home`, patient, with fixed ids; close it after use."""
    settings = _settings(home)
    return Escalator(
        playbook,
        lambda: open_store(settings.resolved_database_url, history_turns=settings.history_turns),
        settings,
        clock=clock,
        random_bits=random.Random(7).getrandbits,  # noqa: S311 - ids that nobody guesses at
        judge=judge,
    )


def _conversation(engine: Escalator, clock: _Clock, conversation: Conversation) -> list[Played]:
    played = []
    for session in conversation.sessions:
        transcript: list[Message] = []
        begin = LAST_DAY - timedelta(days=session.days_ago)
        for place, turn in enumerate(session.turns):
            clock.now = begin + place * BETWEEN_TURNS
            one = _turn(engine, conversation, session.key, transcript, turn)
            played.append(one)
            transcript += [
                Message("user", turn.question),
                Message("assistant", turn.reply + (one.addition or "")),
            ]
    return played


def _turn(
    engine: Escalator,
    conversation: Conversation,
    session: str,
    transcript: list[Message],
    turn: LabelledTurn,
) -> Played:
    pending = engine.begin(
        engine.turn(
            question=turn.question,
            transcript=transcript,
            user_id=conversation.id,
            session_id=session,
            tier=conversation.tier,
            owned_offers=conversation.owns,
            turn_id=turn.key,
        )
    )
    outcome = pending.settle(Reply(turn.reply))
    told = {} if outcome.decision is None else describe(outcome.decision)
    return Played(turn, told, outcome.addition)
