"""What we do beside one reply, from its question to its last chunk; the step only passes things on.

Everything here fails open through the engine's guards: whatever goes wrong, the reply leaves as the
model made it. The one error that leaves is `InputError`, before the model is asked.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from langchain_core.callbacks.manager import BaseRunManager
from langchain_core.runnables import RunnableConfig

from tay_middleware.decide import describe
from tay_middleware.decide.describe import Json
from tay_middleware.decide.replies import Obstacle
from tay_middleware.domain import ReplyStatus
from tay_middleware.engine import Escalator, Outcome, Pending, Reply
from tay_middleware.engine.telling import tell_once
from tay_middleware.errors import InputError
from tay_middleware.langchain.announce import aannounce, announce, hears, parent_of
from tay_middleware.langchain.asker import as_told, begin_turn
from tay_middleware.langchain.claims import Claim, lay
from tay_middleware.langchain.endings import Endings, endings_around
from tay_middleware.langchain.reading import InputKey, locate, understand
from tay_middleware.langchain.replies import reply_of, woven
from tay_middleware.langchain.streams import StreamedReply

_Told = dict[str, Json] | None
"""The decision as plain JSON; `None` where there is none, or it could not be described."""

_Settled = tuple[Outcome, _Told]


class Beside:
    """Our part beside one reply. Where there is no question it is silent: everything passes."""

    def __init__(
        self,
        pending: Pending | None,
        said_since: Sequence[str] = (),
        *,
        has_listeners: bool = True,
        claim: Claim | None = None,
    ) -> None:
        self._pending = pending
        self._claim = claim
        self._has_listeners = has_listeners
        self._said_since = said_since
        self._streamed = StreamedReply()
        self._endings: Endings | None = None

    @classmethod
    def begin(
        cls,
        engine: Escalator,
        value: Any,
        input_key: InputKey,
        config: RunnableConfig,
        run: BaseRunManager | None,
    ) -> "Beside":
        """Start beside the model, before it is asked; returns at once.

        Args:
            engine: decides.
            value: the input of the surface.
            input_key: where in it the question is.
            config: of what lies inside the run.
            run: the surface's run; `None` where LangChain made none.

        Raises:
            InputError: the question is in no place where it was said to be, nor beside the input.
        """
        if not engine.takes_part():
            return cls(None)
        missing = None
        with engine.guard("a turn that did not begin")("begin"):
            place = locate(value, input_key)
            asked = as_told(understand(place), config)
            if asked is None:
                missing = place.missing
                if place.unread is not None:
                    tell_once(place.unread)
            elif not asked.is_answered:
                parent = parent_of(config) if run is None else run.parent_run_id
                pending = begin_turn(engine, asked, config, parent)
                around = endings_around(config, run)
                return cls(
                    pending,
                    asked.said_since,
                    has_listeners=run is None or any(map(hears, run.handlers)),
                    claim=lay(pending.turn.question, [endings.claims for endings in around]),
                )
        if missing is not None:
            raise InputError(missing)
        return cls(None)

    def listen(self, config: RunnableConfig) -> None:
        """Hear how the models beneath end, of which a text at the end of a chain says nothing."""
        if self._pending is not None:
            with self._pending.guard("listen"):
                endings = Endings()
                endings.listen(config)
                self._endings = endings

    def broken(self, error: BaseException) -> None:
        """There will be no reply: the model raised, or whoever waited for it has left.

        A graph that waits for a person or hands over raises too; its answer may come later.
        """
        if self._pending is not None and not self._is_left_to_another(self._pending, None):
            failed = isinstance(error, Exception) and not _steers(error)
            self._pending.abandon(ReplyStatus.FAILED if failed else ReplyStatus.ABANDONED)

    def unanswered(self) -> None:
        """The model ended without an error and without any reply."""
        if self._pending is not None:
            self._pending.abandon(ReplyStatus.FAILED)

    # A reply in one piece.

    def finished(self, output: Any, config: RunnableConfig) -> Any:
        """`output`, perhaps with an addition; waits at most the grace."""
        pending = self._pending
        if pending is None:
            return output
        reply = self._read(pending, output)
        if self._is_left_to_another(pending, reply):
            return output
        outcome, told = self._settled(pending, reply, config)
        return _woven(pending, output, outcome, told)

    async def afinished(self, output: Any, config: RunnableConfig) -> Any:
        """As `finished`, without blocking."""
        pending = self._pending
        if pending is None:
            return output
        reply = self._read(pending, output)
        if self._is_left_to_another(pending, reply):
            return output
        outcome, told = await self._asettled(pending, reply, config)
        return _woven(pending, output, outcome, told)

    # A reply in chunks.

    def fed(self, chunk: Any) -> Sequence[Any]:
        """What to pass on for `chunk`: itself, unless it has to wait for the end."""
        if self._pending is None or self._streamed.passes(chunk):
            return (chunk,)
        with self._pending.guard("chunk"):
            return self._streamed.feed(chunk)
        self._streamed.spoil()
        return [*self._streamed.let_go(), chunk]

    def let_go(self) -> list[Any]:
        """What was kept back; for a stream that does not come to its end."""
        return self._streamed.let_go()

    def ended(self, config: RunnableConfig) -> list[Any]:
        """What follows the last chunk; waits at most the grace."""
        pending = self._pending
        if pending is None:
            return []
        reply = self._streamed_reply(pending)
        if self._is_left_to_another(pending, reply):
            return self._streamed.let_go()
        outcome, told = self._settled(pending, reply, config)
        return self._end(pending, outcome, told)

    async def aended(self, config: RunnableConfig) -> list[Any]:
        """As `ended`, without blocking."""
        pending = self._pending
        if pending is None:
            return []
        reply = self._streamed_reply(pending)
        if self._is_left_to_another(pending, reply):
            return self._streamed.let_go()
        outcome, told = await self._asettled(pending, reply, config)
        return self._end(pending, outcome, told)

    def _settled(self, pending: Pending, reply: Reply, config: RunnableConfig) -> _Settled:
        """What to append, and the decision as it is told to whoever listens."""
        outcome = self._once(reply, pending.settle(reply))
        told = _told(pending, outcome)
        with _or_taken_back(pending, outcome):
            if self._has_listeners:
                _announce(pending, reply, told, config)
        return outcome, told

    async def _asettled(self, pending: Pending, reply: Reply, config: RunnableConfig) -> _Settled:
        outcome = self._once(reply, await pending.asettle(reply))
        told = _told(pending, outcome)
        with _or_taken_back(pending, outcome):
            if self._has_listeners:
                await _aannounce(pending, reply, told, config)
        return outcome, told

    def _read(self, pending: Pending, output: Any) -> Reply:
        with pending.guard("reply"):
            return self._heard(reply_of(output))
        return _UNREADABLE

    def _streamed_reply(self, pending: Pending) -> Reply:
        with pending.guard("reply"):
            return self._heard(self._streamed.reply())
        return _UNREADABLE

    def _once(self, reply: Reply, outcome: Outcome) -> Outcome:
        """Nothing where an earlier node of a graph has said the same words of the same turn."""
        words = (outcome.addition or "").strip()
        if words and any(words in text for text in self._said_since):
            return Outcome()
        if self._pending is not None and self._claim is not None and outcome.decision is not None:
            handed_on = f"{reply.text}{outcome.addition or ''}"
            with self._pending.guard("claim"):
                self._claim.ended(handed_on, is_answer=reply.is_answer)
        return outcome

    def _is_left_to_another(self, pending: Pending, reply: Reply | None) -> bool:
        """Whether a surface of ours beneath decides on this reply; then this turn is forgotten.

        Where there is no reply it is the question that counts.
        """
        if self._endings is None:
            return False
        claims, question = self._endings.claims, pending.turn.question
        with pending.guard("claim"):
            if reply is None:
                is_another = claims.are_to(question)
            else:
                is_another = claims.cover(question, reply.text, is_answer=reply.is_answer)
            if is_another:
                pending.drop()
            return is_another
        return False

    def _heard(self, reply: Reply) -> Reply:
        if self._endings is None or reply.obstacle is not None:
            return reply
        return replace(reply, obstacle=self._endings.obstacle_after(reply.text))

    def _end(self, pending: Pending, outcome: Outcome, told: _Told) -> list[Any]:
        with pending.guard("weave"):
            return self._streamed.end(outcome, told)
        _take_back(pending, outcome)
        return self._streamed.let_go()


@contextmanager
def _or_taken_back(pending: Pending, outcome: Outcome) -> Iterator[None]:
    """What stops us here stops the reply: a mention that it would have carried was not shown."""
    try:
        yield
    except BaseException:
        _take_back(pending, outcome)
        raise


_UNREADABLE = Reply("", Obstacle.UNREADABLE)


def _steers(error: BaseException) -> bool:
    """Whether an error is none, but how a graph is steered; by its name, for LangGraph is an extra.

    So it interrupts, and goes on in a graph around it.
    """
    return any(kind.__name__ == "GraphBubbleUp" for kind in type(error).__mro__)


def _woven(pending: Pending, output: Any, outcome: Outcome, told: _Told) -> Any:
    with pending.guard("weave"):
        return woven(output, outcome, told)
    _take_back(pending, outcome)
    return output


def _take_back(pending: Pending, outcome: Outcome) -> None:
    """Undo a mention that did not get into the reply: nobody has seen it."""
    if outcome.addition is not None:
        pending.take_back()


def _told(pending: Pending, outcome: Outcome) -> _Told:
    with pending.guard("describe"):
        if outcome.decision is not None:
            turn_id = str(pending.turn.turn_id)
            return {"turn_id": turn_id, "addition": outcome.addition, **describe(outcome.decision)}
    return None


def _announce(pending: Pending, reply: Reply, told: _Told, config: RunnableConfig) -> None:
    if told is not None and reply.is_answer:
        with pending.guard("event"):
            announce(told, config)


async def _aannounce(pending: Pending, reply: Reply, told: _Told, config: RunnableConfig) -> None:
    if told is not None and reply.is_answer:
        with pending.guard("event"):
            await aannounce(told, config)
