"""What comes back from asking a language model: a choice from the catalogue, or none.

It stands apart from `classify`, which asks: whoever takes an answer need not import its client.
"""

from dataclasses import dataclass

from tay_middleware.domain import Reason


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

    `outcome` is one of `classify.Outcome`. `seconds` is how long the asker waited. Tokens and
    `cost_usd` are what this ask used up, as the server counted it and the settings price it; 0
    where the server did not say, and 0 for all but one of several equal questions that were
    answered together.
    """

    verdict: Verdict | None
    outcome: str
    seconds: float
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float = 0.0
