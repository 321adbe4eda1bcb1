"""How much of the protocol a server speaks, and the next simpler way to ask when it objects.

Structured output comes in three steps: a JSON schema with the enum, any JSON object, plain text
read tolerantly. Besides, servers quarrel about the name of the token limit and about a temperature.
Each objection takes exactly one thing away, so that asking simpler always ends.
"""

from dataclasses import dataclass, replace
from typing import Any

from tay_middleware.decide.classify.outcome import CallFailed

FORMATS = ("json_schema", "json_object", "text")

OBJECTIONS = frozenset({400, 415, 422, 501})
"""Statuses by which servers say that they do not understand a field; 404 is a wrong model."""

TEMPERATURE = "temperature"
LIMITS = ("max_tokens", "max_completion_tokens")
"""Names of the token limit: what every compatible server knows, and what OpenAI's own wants."""

FIELDS = frozenset({TEMPERATURE, *LIMITS})


@dataclass(frozen=True, slots=True)
class Dialect:
    """One way to ask. `limits` are the names of the token limit still to be tried, first first."""

    format: str = FORMATS[0]
    limits: tuple[str, ...] = LIMITS
    temperature: bool = True

    def fields(self, schema: dict[str, Any], max_output_tokens: int) -> dict[str, Any]:
        """The fields of a request beside model and messages."""
        fields: dict[str, Any] = {}
        if self.format == "json_schema":
            named = {"name": "opinion", "strict": True, "schema": schema}
            fields["response_format"] = {"type": "json_schema", "json_schema": named}
        elif self.format == "json_object":
            fields["response_format"] = {"type": "json_object"}
        if self.limits:
            fields[self.limits[0]] = max_output_tokens
        if self.temperature:
            fields[TEMPERATURE] = 0
        return fields

    def simpler(self, failed: CallFailed) -> "Dialect | None":
        """The next way to ask after `failed`, or `None` when asking otherwise will not help."""
        if failed.status not in OBJECTIONS or failed.code in _NOT_OUR_WORDING:
            return None
        if self.limits and self.limits[0] in failed.about:
            return replace(self, limits=self.limits[1:])
        if self.temperature and TEMPERATURE in failed.about:
            return replace(self, temperature=False)
        if self.format != FORMATS[-1]:
            return replace(self, format=FORMATS[FORMATS.index(self.format) + 1])
        return replace(self, temperature=False) if self.temperature else None


_NOT_OUR_WORDING = frozenset(
    {"content_filter", "content_policy_violation", "context_length_exceeded", "model_not_found"}
)
"""Error codes of a 400 that another way of asking would meet again."""
