"""One exchange with the server: asked the way it likes, tried again, judged, accounted for."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from tay_middleware.decide.classify.asking import Asked
from tay_middleware.decide.classify.breaker import Breaker
from tay_middleware.decide.classify.desk import Server
from tay_middleware.decide.classify.dialect import Dialect
from tay_middleware.decide.classify.outcome import CallFailed, Outcome
from tay_middleware.decide.classify.reading import Choices, Reading
from tay_middleware.decide.classify.tries import with_tries
from tay_middleware.decide.model_answer import Answer
from tay_middleware.playbook import Playbook
from tay_middleware.settings import Settings

_log = logging.getLogger("tay_middleware")

HUNG_SECONDS = 2.0
"""Who gives up on an ask that is older than this, or than half the deadline, has met a server that
hangs, not an impatient caller: it counts as a failure."""

DIALECT_SECONDS = 3600.0
"""How long a simpler way of asking is kept: servers get updated, and one odd 400 is no habit."""

NOT_FOUND = 404

_WILL_NOT_HEAL = frozenset({Outcome.UNAUTHORIZED, Outcome.QUOTA})


class Exchange:
    """Talks to one model, and remembers how it wants to be asked and whether it works.

    Args:
        settings: those that begin with `classifier_`.
        playbook: the catalogue to choose from.
        clock: monotonic seconds.
        randomness: uniform in [0, 1).
    """

    def __init__(
        self,
        settings: Settings,
        playbook: Playbook,
        clock: Callable[[], float],
        randomness: Callable[[], float],
    ) -> None:
        self._settings = settings
        self._choices = Choices(playbook)
        self._schema = self._choices.json_schema()
        self._clock = clock
        self._randomness = randomness
        self._dialect, self._dialect_until = Dialect(), 0.0
        self._hung_seconds = min(HUNG_SECONDS, settings.classifier_deadline_seconds / 2)
        self.breaker = Breaker(
            settings.classifier_breaker_failures, settings.classifier_breaker_seconds, clock
        )

    async def opinion(
        self, server: Callable[[], Awaitable[Server]], asked: Asked, until: float
    ) -> Answer:
        """The opinion on one question, or why there is none; tells the breaker.

        Args:
            server: gives the server, opened.
            asked: what to send.
            until: the deadline in the loop's time; the caller enforces it.
        """
        if not self.breaker.enter():
            return without(Outcome.BREAKER_OPEN)
        began = self._clock()
        try:
            reading = self._choices.read(await self._body(await server(), asked, until))
            self._tell(reading)
            return self._accounted(reading)
        except CallFailed as failed:
            self._tell_failure(failed)
            return without(failed.outcome)
        except asyncio.CancelledError:
            if self._clock() - began >= self._hung_seconds:
                self.breaker.failed()
            raise
        finally:
            self.breaker.let_go()

    async def _body(self, server: Server, asked: Asked, until: float) -> bytes:
        """Ask in the best way that the server is not known to object to, then in simpler ones."""
        known = self._clock() < self._dialect_until
        dialect = begun = self._dialect if known else Dialect()
        while True:
            try:
                body = await self._tried(server, asked, dialect, until)
            except CallFailed as failed:
                simpler = dialect.simpler(failed)
                if simpler is None:
                    raise
                dialect = simpler
                continue
            if dialect != begun:
                self._dialect = dialect
                self._dialect_until = self._clock() + DIALECT_SECONDS
            return body

    async def _tried(self, server: Server, asked: Asked, dialect: Dialect, until: float) -> bytes:
        messages = [
            {"role": "system", "content": asked.system},
            {"role": "user", "content": asked.user},
        ]
        fields = dialect.fields(self._schema, self._settings.classifier_max_output_tokens)

        async def once() -> bytes:
            try:
                async with asyncio.timeout(self._settings.classifier_try_seconds):
                    return await server.complete(messages, fields)
            except TimeoutError as error:
                raise CallFailed(Outcome.TIMEOUT, heals=True) from error

        left = until - asyncio.get_running_loop().time()
        return await with_tries(once, left, self._randomness)

    def _tell(self, reading: Reading) -> None:
        """A reply came: the server works, unless the reply is an error in disguise."""
        if reading.outcome is Outcome.HTTP_ERROR:
            self.breaker.failed()
        else:
            self.breaker.succeeded()
        if reading.verdict is None:
            _log.warning("no opinion from the classifier: %s", reading.outcome.value)

    def _tell_failure(self, failed: CallFailed) -> None:
        opened = False
        if failed.outcome is Outcome.CONTENT_FILTER:
            self.breaker.succeeded()
        else:
            at_once = failed.outcome in _WILL_NOT_HEAL or failed.status == NOT_FOUND
            opened = self.breaker.failed(at_once=at_once, pause_seconds=failed.retry_after_seconds)
        _log.warning(
            "no opinion from the classifier: %s (status %s, code %s)%s",
            failed.outcome.value,
            failed.status,
            failed.code,
            "; it is left alone for a while" if opened else "",
        )

    def _accounted(self, reading: Reading) -> Answer:
        settings = self._settings
        cost = (
            reading.prompt_tokens * settings.classifier_usd_per_million_prompt_tokens
            + reading.completion_tokens * settings.classifier_usd_per_million_completion_tokens
        ) / 1e6
        return Answer(
            reading.verdict,
            reading.outcome,
            0.0,
            reading.prompt_tokens,
            reading.completion_tokens,
            cost,
        )


def without(outcome: Outcome) -> Answer:
    """An answer that holds no verdict and cost nothing."""
    return Answer(None, outcome, 0.0)
