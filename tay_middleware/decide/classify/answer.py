"""What comes back from asking a model: a choice from the catalogue, or why there is none."""

from dataclasses import dataclass
from enum import StrEnum

from tay_middleware.domain import Reason
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


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the model chose: an offer of the catalogue, or `None` for none of them.

    `reason` is `None` exactly when `offer` is.
    """

    offer: str | None
    reason: Reason | None


@dataclass(frozen=True, slots=True)
class Answer:
    """The end of one ask; it always comes, and `verdict` is `None` when there is no usable opinion.

    `seconds` is how long the asker waited. Tokens and `cost_usd` are what this ask used up, as the
    server counted it and the settings price it; 0 where the server did not say, and 0 for all but
    one of several equal questions that were answered together.
    """

    verdict: Verdict | None
    outcome: str
    seconds: float
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float = 0.0


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
