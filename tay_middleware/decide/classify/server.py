"""The one door to `openai`: sends a request, and turns every failure into a `CallFailed`.

The raw client, because LangChain would carry the opinion's tokens into the user's own stream. The
client never retries by itself (see `tries`), and never picks up an address or key of its own. It
takes half a second to import: import this module in a thread, and only when it is needed.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any

import openai
from openai import AsyncOpenAI

from tay_middleware.decide.classify.dialect import FIELDS
from tay_middleware.decide.classify.outcome import CallFailed, Outcome

OPENAI_URL = "https://api.openai.com/v1"

NO_KEY = "none"
"""Sent where no key is set: servers of one's own mostly want none, the client insists on one."""

_HEALING = frozenset({408, 409, 429})
_BROKE = frozenset({"insufficient_quota", "billing_hard_limit_reached", "billing_not_active"})
_FILTERED = frozenset({"content_filter", "content_policy_violation"})
_WORD = re.compile(r"\w+", re.ASCII)
_CODE = re.compile(r"[\w.-]{1,60}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Address:
    """Which model is asked, and where. `timeout_seconds` bounds each wait of one request."""

    model: str
    base_url: str | None
    key: str | None = field(repr=False)
    timeout_seconds: float
    extra_body: dict[str, Any] = field(default_factory=dict)


class OpenAIServer:
    """One model behind one OpenAI-compatible server; belongs to the event loop that uses it."""

    def __init__(self, address: Address, http_client: Any = None) -> None:
        self._address = address
        self._client = AsyncOpenAI(
            api_key=address.key or NO_KEY,
            base_url=address.base_url or OPENAI_URL,
            timeout=address.timeout_seconds,
            max_retries=0,
            http_client=http_client,
        )

    async def complete(self, messages: Sequence[dict[str, str]], fields: dict[str, Any]) -> bytes:
        """Ask once; the body of the reply, not yet looked at.

        Raises:
            CallFailed: there is none.
        """
        try:
            reply = await self._client.chat.completions.with_raw_response.create(
                model=self._address.model,
                messages=messages,  # type: ignore[arg-type]  # plain dicts of the two roles
                extra_body=self._address.extra_body or None,
                **fields,
            )
        except openai.APITimeoutError as error:
            raise CallFailed(Outcome.TIMEOUT, heals=True) from error
        except openai.APIConnectionError as error:
            raise CallFailed(Outcome.CONNECTION, heals=True) from error
        except openai.APIStatusError as error:
            raise _failure(error) from error
        except (openai.OpenAIError, OSError, RuntimeError, ValueError) as error:
            raise CallFailed(Outcome.ERROR, code=type(error).__name__) from error
        return reply.content

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.close()


def _failure(error: openai.APIStatusError) -> CallFailed:
    status = error.status_code
    names = {str(error.code), str(error.type)}
    code = next((name for name in (error.code, error.type) if name), None)
    heals = status in _HEALING or (status >= 500 and status != 501)
    if status == 402 or names & _BROKE:
        outcome, heals = Outcome.QUOTA, False
    elif names & _FILTERED:
        outcome, heals = Outcome.CONTENT_FILTER, False
    elif status in {401, 403}:
        outcome = Outcome.UNAUTHORIZED
    elif status == 429:
        outcome = Outcome.RATE_LIMITED
    else:
        outcome = Outcome.TIMEOUT if status == 408 else Outcome.HTTP_ERROR
    return CallFailed(
        outcome,
        heals=heals,
        status=status,
        code=code if code is None or _CODE.fullmatch(str(code)) else "odd",
        retry_after_seconds=retry_after_seconds(error.response.headers),
        about=_about(error),
    )


def _about(error: openai.APIStatusError) -> frozenset[str]:
    """The request fields that an error names: by its `param`, else anywhere in its words."""
    if error.param in FIELDS:
        return frozenset({str(error.param)})
    return FIELDS & set(_WORD.findall(str(error.message)[:2_000]))


def retry_after_seconds(headers: Any) -> float | None:
    """Seconds to wait by `retry-after-ms` or `Retry-After`; `None` if neither says so.

    A date is measured against the reply's own `Date`, so that no clock of ours has to be right.
    """
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            seconds = float(headers.get(name, "")) * unit
        except ValueError:
            continue
        if 0 <= seconds < float("inf"):
            return seconds
    try:
        until = parsedate_to_datetime(headers.get("retry-after", ""))
        return max(0.0, (until - parsedate_to_datetime(headers.get("date", ""))).total_seconds())
    except (TypeError, ValueError):
        return None
