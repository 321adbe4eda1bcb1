"""How asking a model may end, and how one request of it fails; see `decide.model_answer`."""

from enum import StrEnum

from tay_middleware.errors import TayError


class Outcome(StrEnum):
    """How asking ended. Only `ok` and `cached` come with a verdict."""

    OK = "ok"
    CACHED = "cached"
    """From memory, or from an equal question that was under way: it cost nothing."""
    EMPTY_QUESTION = "empty_question"
    BREAKER_OPEN = "breaker_open"
    """Not asked: the server failed too often lately, or told us when to come back."""
    BUSY = "busy"
    """Not asked: the deadline passed while others were being answered."""
    TIMEOUT = "timeout"
    CONNECTION = "connection"
    RATE_LIMITED = "rate_limited"
    QUOTA = "quota"
    UNAUTHORIZED = "unauthorized"
    HTTP_ERROR = "http_error"
    REFUSAL = "refusal"
    CONTENT_FILTER = "content_filter"
    LENGTH = "length"
    """The model had no tokens left to finish its answer: raise `classifier_max_output_tokens`."""
    NO_CHOICES = "no_choices"
    BAD_ANSWER = "bad_answer"
    """What the model wrote is no choice from the catalogue, or more than one."""
    CLOSED = "closed"
    ERROR = "error"
    """Something that is not foreseen here: the log says what."""


class CallFailed(TayError):
    """One request came to nothing; never leaves this package.

    `heals` is whether the same request may succeed in a moment; `retry_after_seconds` when the
    server asked to be left alone so long. `status` and `code` are the server's, for the log.
    `about` holds the names of request fields that the server complained of.
    """

    def __init__(
        self,
        outcome: Outcome,
        *,
        heals: bool = False,
        status: int | None = None,
        code: str | None = None,
        retry_after_seconds: float | None = None,
        about: frozenset[str] = frozenset(),
    ) -> None:
        super().__init__(outcome.value)
        self.outcome = outcome
        self.heals = heals
        self.status = status
        self.code = code
        self.retry_after_seconds = retry_after_seconds
        self.about = about
