"""A chat model that stands for another: all that is asked of it about itself is the other's.

LangChain and its middleware ask a model many things before they ask it a question: its type and
name, its profile, how it counts tokens, whether it streams. A wrapper that answered for itself
would change what they do.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from langchain_core.language_models import BaseChatModel
from langchain_core.language_models.base import LangSmithParams
from langchain_core.messages import BaseMessage
from langchain_core.runnables import Runnable
from pydantic import ConfigDict, Field

INHERITED = ("callbacks", "tags", "metadata", "verbose", "output_version", "custom_get_token_ids")
"""Fields of every chat model that are the wrapped one's where they are not set here."""


class StandIn(BaseChatModel):
    """Stands for `bound`; how a reply is made of the wrapped model's is left to the subclass."""

    bound: BaseChatModel
    cache: Any = Field(default=False, exclude=True)
    """Off, and it has to be: what we make of a reply is one user's. The wrapped model's is used for
    replies in one piece."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    def model_post_init(self, context: Any, /) -> None:
        """Take over what was not said here."""
        super().model_post_init(context)
        for name in INHERITED:
            if name not in self.model_fields_set:
                setattr(self, name, getattr(self.bound, name))

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """What is not ours is the wrapped model's (`model_name`, `temperature` and so on)."""
            bound = self.__dict__.get("bound")
            if name.startswith("_") or bound is None:
                return super().__getattr__(name)
            return getattr(bound, name)

    def with_structured_output(self, schema: Any, **kwargs: Any) -> Runnable[Any, Any]:
        """The wrapped model's own structured output: never woven, never logged."""
        return self.bound.with_structured_output(schema, **kwargs)

    def get_token_ids(self, text: str) -> list[int]:
        """The wrapped model's count of a text."""
        return self.bound.get_token_ids(text)

    def get_num_tokens_from_messages(self, messages: list[BaseMessage], *args: Any) -> int:
        """The wrapped model's count of messages."""
        return self.bound.get_num_tokens_from_messages(messages, *args)

    # ruff: noqa: SLF001 - what LangChain asks of a model's own methods, we ask of the other's

    @property
    def _llm_type(self) -> str:
        return self.bound._llm_type

    @property
    def _identifying_params(self) -> Mapping[str, Any]:
        return self.bound._identifying_params

    def _get_ls_params(self, stop: list[str] | None = None, **kwargs: Any) -> LangSmithParams:
        return self.bound._get_ls_params(stop=stop, **kwargs)

    def _get_invocation_params(
        self, stop: list[str] | None = None, **kwargs: Any
    ) -> dict[str, Any]:
        return self.bound._get_invocation_params(stop=stop, **kwargs)

    def _resolve_model_profile(self) -> Any:
        return self.bound.profile

    def _combine_llm_outputs(self, llm_outputs: list[dict[str, Any] | None], /) -> dict[str, Any]:
        return self.bound._combine_llm_outputs(llm_outputs)

    def _should_stream(self, **kwargs: Any) -> bool:
        return self.bound._should_stream(**kwargs)

    def _should_use_protocol_streaming(self, **kwargs: Any) -> bool:
        return self.bound._should_use_protocol_streaming(**kwargs)
