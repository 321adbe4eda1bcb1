"""The whole: asks a model for its opinion, in the order in which asking can be spared.

Memory first, then an equal question under way, then an open breaker; only then the server, within
one deadline over everything: waiting for a slot, opening, tries and pauses.
"""

import asyncio
import logging
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Literal

from tay_middleware.decide.classify.asking import NONE, Asked, Asking
from tay_middleware.decide.classify.desk import Desk, Server
from tay_middleware.decide.classify.exchange import Exchange, without
from tay_middleware.decide.classify.outcome import Outcome
from tay_middleware.decide.classify.remembered import Remembered
from tay_middleware.decide.model_answer import Answer
from tay_middleware.domain import Message
from tay_middleware.errors import ConfigurationError
from tay_middleware.playbook import Playbook
from tay_middleware.settings import Settings

_log = logging.getLogger("tay_middleware")


class Classifier:
    """The opinion of one model, by one playbook. Use it from one event loop at a time.

    Nothing is imported, built or connected before the first question. After `aclose` every ask
    ends as `closed`.

    Args:
        settings: those that begin with `classifier_`.
        playbook: the catalogue, and the instruction.
        open_server: makes the connection's client; called in a thread, once for each event loop.
        clock: monotonic seconds.
        randomness: uniform in [0, 1), for the backoff's jitter.
    """

    def __init__(
        self,
        settings: Settings,
        playbook: Playbook,
        open_server: Callable[[], Server],
        clock: Callable[[], float],
        randomness: Callable[[], float],
    ) -> None:
        self._settings = settings
        self._asking = Asking(playbook, full=settings.classifier_text == "full")
        self._exchange = Exchange(settings, playbook, clock, randomness)
        self._remembered = Remembered(settings.classifier_cache_size)
        self._open_server = open_server
        self._clock = clock
        self._desk: Desk | None = None
        self._left_behind: list[Desk] = []
        self._closed = False

    @classmethod
    def from_settings(
        cls,
        settings: Settings,
        playbook: Playbook,
        *,
        clock: Callable[[], float] = time.monotonic,
        randomness: Callable[[], float] = random.random,
    ) -> "Classifier | None":
        """The classifier that the settings describe; `None` when they name no model.

        Raises:
            ConfigurationError: a model is named, but no key for OpenAI's own server; or the
                catalogue has an offer that is called as the answer for no offer is.
        """
        if settings.classifier_model is None:
            return None
        if settings.classifier_base_url is None and settings.classifier_key is None:
            raise ConfigurationError(
                "TAY_CLASSIFIER_MODEL is set, but no key: set TAY_CLASSIFIER_API_KEY or "
                "OPENAI_API_KEY, or TAY_CLASSIFIER_BASE_URL of a server that needs none"
            )
        if NONE in playbook.offers:
            raise ConfigurationError(
                f"offers.yaml: {NONE!r} is the classifier's word for no offer: rename that offer"
            )
        return cls(settings, playbook, lambda: _open_server(settings), clock, randomness)

    @property
    def breaker_state(self) -> Literal["closed", "open", "half_open"]:
        """Whether the server is asked at all."""
        return self._exchange.breaker.state

    async def warm_up(self) -> None:
        """Import and make the client, in a thread; else the first ask does. It connects nowhere.

        Raises:
            OSError: the machine's certificates cannot be read.
        """
        await self._here().server()

    async def ask(self, question: str, transcript: Sequence[Message] = ()) -> Answer:
        """The model's opinion on `question`; always an answer, within the deadline.

        Args:
            question: as the user typed it.
            transcript: the earlier messages of the conversation, oldest first.

        Raises:
            asyncio.CancelledError: the caller was cancelled; nothing goes on unless somebody else
                waits for the same.
        """
        began = self._clock()
        answer = without(Outcome.CLOSED)
        if not self._closed:
            answer = await self._answer(self._asking.messages(question, transcript))
        return replace(answer, seconds=self._clock() - began)

    async def aclose(self) -> None:
        """End what is under way as `closed`, and close the connections. Idempotent."""
        self._closed = True
        desk, self._desk = self._desk, None
        if desk is not None and desk.is_here:
            await desk.aclose()

    async def _answer(self, asked: Asked | None) -> Answer:
        if asked is None:
            return without(Outcome.EMPTY_QUESTION)
        verdict = self._remembered.get(asked.key)
        if verdict is not None:
            return Answer(verdict, Outcome.CACHED, 0.0)
        desk = self._here()
        task, to_pay = await desk.flights.join(asked.key, lambda: self._flight(desk, asked))
        if task.cancelled():
            return without(Outcome.CLOSED)
        error = task.exception()
        if error is not None:
            _log.warning("no opinion from the classifier: %s", type(error).__name__)
            return without(Outcome.ERROR)
        return task.result() if to_pay else _for_nothing(task.result())

    async def _flight(self, desk: Desk, asked: Asked) -> Answer:
        """One ask of the server, for all who ask the same at this time."""
        outcome = Outcome.BUSY
        try:
            async with asyncio.timeout(self._settings.classifier_deadline_seconds) as deadline:
                if not self._exchange.breaker.admits:
                    return without(Outcome.BREAKER_OPEN)
                async with desk.slots:
                    outcome = Outcome.TIMEOUT
                    until = deadline.when() or 0.0
                    answer = await self._exchange.opinion(desk.server, asked, until)
        except TimeoutError:
            _log.warning("no opinion from the classifier: %s, its time is up", outcome.value)
            return without(outcome)
        if answer.verdict is not None:
            self._remembered.put(asked.key, answer.verdict)
        return answer

    def _here(self) -> Desk:
        """What belongs to the running loop.

        The desk of another loop (that of the parent, after a fork) is kept and not touched: to
        close or collect it here could write into connections that are still in use over there.
        """
        if self._desk is None or not self._desk.is_here:
            if self._desk is not None:
                self._left_behind.append(self._desk)
            self._desk = Desk(self._open_server, self._settings.classifier_max_concurrency)
        return self._desk


def _for_nothing(answer: Answer) -> Answer:
    """The same answer for those who do not pay for it, so that nothing is counted twice."""
    outcome = Outcome.CACHED if answer.verdict is not None else answer.outcome
    return Answer(answer.verdict, outcome, 0.0)


def _open_server(settings: Settings) -> Server:
    """Import and make the client of the configured server; takes half a second the first time."""
    from tay_middleware.decide.classify.server import Address, OpenAIServer  # noqa: PLC0415 - slow to import

    url = settings.classifier_base_url
    return OpenAIServer(
        Address(
            model=settings.classifier_model or "",
            base_url=str(url) if url else None,
            key=settings.classifier_key,
            timeout_seconds=settings.classifier_try_seconds,
            extra_body=dict(settings.classifier_extra_body),
        )
    )
