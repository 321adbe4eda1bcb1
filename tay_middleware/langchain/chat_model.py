"""EscalationChatModel: a chat model that wraps another, for places where only a model will do.

An agent, a LangGraph node or `stream_mode="messages"` shows what a *model* streams and nothing that
is done to a message afterwards. So this surface is the model: the tokens of the addition come from
the same run, under the same message id, as the tokens of the reply.

There is one run, ours: it asks the wrapped model's own methods one level below its public ones. A
second run inside would be counted and traced again by everything that listens globally
(`get_usage_metadata_callback`, LangSmith), whatever callbacks it is handed. What the public methods
do beside the run is asked of the wrapped model too: its cache (of replies in one piece; the bare
one is kept, never the woven one), its rate limiter, whether it streams at all. A stream that stands
in for an `invoke` (a graph in messages mode) does not look into that cache.
"""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import aclosing, closing
from copy import copy
from typing import TYPE_CHECKING, Any
from uuid import UUID

from langchain_core.callbacks import (
    AsyncCallbackManagerForLLMRun,
    CallbackManagerForLLMRun,
)
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable, RunnableBinding, RunnableConfig, ensure_config
from langchain_core.runnables.utils import ConfigurableFieldSpec
from langchain_core.utils.uuid import uuid7
from pydantic import Field, PrivateAttr, model_validator

from tay_middleware.engine import Escalator, Seat
from tay_middleware.langchain.announce import beneath
from tay_middleware.langchain.arguments import (
    only_a_model,
    only_a_runnable,
    only_fitting,
    only_known,
    only_named,
)
from tay_middleware.langchain.asker import specs_beside
from tay_middleware.langchain.beside import Beside
from tay_middleware.langchain.generations import HeldGenerations, with_first
from tay_middleware.langchain.stand_in import StandIn
from tay_middleware.langchain.step import EscalationStep
from tay_middleware.langchain.streams import aclosable, closable
from tay_middleware.settings import Settings


class EscalationChatModel(StandIn):
    """Wraps a chat model; its replies may end with at most one mention.

    Use it wherever a chat model goes: in a LangGraph node, in an agent, in a chain. Who asks is
    read from `config["configurable"]`, as by `EscalationStep`; inside a graph that is the graph's.
    Everything that is not ours (`model_name`, `profile`, counting tokens, tools, structured output)
    is the wrapped model's.

    Args:
        bound: the model to wrap.
        settings: the operator's knobs; default: from `TAY_*` variables.
        escalator: an engine to share; default: that of this process for `settings`.

    Raises:
        ConfigurationError: settings are wrong, an argument is unknown, missing or no such thing, or
            `bound` is no chat model but something around one.
    """

    settings: Settings | None = Field(default=None, exclude=True, repr=False)
    escalator: Escalator | None = Field(default=None, exclude=True, repr=False)

    _seat: Seat = PrivateAttr()
    _given: Mapping[str, Any] = PrivateAttr(default_factory=dict)
    _said: Sequence[BaseMessage] | None = PrivateAttr(default=None)
    _asked: RunnableConfig | None = PrivateAttr(default=None)
    _when_answered: Callable[[], None] | None = PrivateAttr(default=None)

    if not TYPE_CHECKING:  # a checker reads the fields

        def __init__(self, *unnamed: object, **given: object) -> None:
            only_named(type(self), unnamed)
            super().__init__(**given)

    @model_validator(mode="before")
    @classmethod
    def _only_fitting(cls, given: Any) -> Any:
        found = only_a_runnable(cls, only_known(cls, given))
        return only_fitting(cls.__name__, only_a_model(cls, found))

    def model_post_init(self, context: Any, /) -> None:
        """Make the engine now, so that a mistake in the playbook is told at the start.

        A model of ours is not wrapped a second time: the one beneath would ask without knowing who.
        """
        if isinstance(self.bound, EscalationChatModel):
            self._given = self.bound._given
            if self.settings is None:
                self.escalator = self.escalator or self.bound.escalator
            self.bound = self.bound.bound
        super().model_post_init(context)
        self._seat = Seat.at(self.escalator, lambda: Escalator.shared(self.settings))
        self.escalator = self._seat.engine

    def known_as(
        self,
        given: Mapping[str, Any],
        said: Sequence[BaseMessage] | None = None,
        when_answered: Callable[[], None] | None = None,
    ) -> "EscalationChatModel":
        """This model for somebody of whom `given` is known; it wins over `configurable`.

        Args:
            given: as in `configurable`.
            said: the talk, where the model is shown more than was said in it.
            when_answered: called after each reply in one piece.
        """
        known = self._copied()
        known._given, known._said = {**self._given, **given}, said
        known._when_answered = when_answered
        return known

    def flush(self, timeout_seconds: float = 5.0) -> bool:
        """Wait until every decision so far is written; false when the time was too short."""
        return self._seat.engine.flush(timeout_seconds)

    def close(self) -> None:
        """Write what is unwritten and, as the last at its engine, let go of the store.

        For apps that end before Python does.
        """
        self._seat.leave()

    # Asked in public: remember who asks, for the hooks below. On a copy: this instance serves all.

    def invoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:  # noqa: A002 - the interface
        """The reply of the wrapped model, perhaps with an addition."""
        asked, config = self._for(config)
        return asked._answered(BaseChatModel.invoke(asked, input, config, **kwargs))

    async def ainvoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:  # noqa: A002 - the interface
        """As `invoke`, without blocking."""
        asked, config = self._for(config)
        return asked._answered(await BaseChatModel.ainvoke(asked, input, config, **kwargs))

    def stream(
        self,
        input: Any,  # noqa: A002 - the interface
        config: RunnableConfig | None = None,
        **kwargs: Any,
    ) -> Iterator[Any]:
        """Every chunk of the wrapped model as it comes, perhaps followed by an addition."""
        asked, config = self._for(config)
        yield from BaseChatModel.stream(asked, input, config, **kwargs)

    def astream(
        self,
        input: Any,  # noqa: A002 - the interface
        config: RunnableConfig | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[Any]:
        """As `stream`, without blocking."""
        asked, config = self._for(config)
        return BaseChatModel.astream(asked, input, config, **kwargs)

    def stream_events(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:  # noqa: A002 - the interface
        """Protocol events (`version="v3"`), where LangChain has them."""
        asked, config = self._for(config)
        return BaseChatModel.stream_events(asked, input, config, **kwargs)

    def astream_events(
        self,
        input: Any,  # noqa: A002 - the interface
        config: RunnableConfig | None = None,
        **kwargs: Any,
    ) -> Any:
        """As `stream_events`, and the events of `version="v2"`."""
        asked, config = self._for(config)
        return BaseChatModel.astream_events(asked, input, config, **kwargs)

    def bind_tools(self, tools: Sequence[Any], **kwargs: Any) -> Runnable[Any, Any]:
        """This model with the wrapped one's tools; tool calls themselves get no addition."""
        bound: Any = self.bound.bind_tools(tools, **kwargs)
        if isinstance(bound, BaseChatModel):
            ours = self.model_copy(update={"bound": bound})
            ours.__dict__.pop("_serialized", None)  # it would describe the model without tools
            return ours
        if isinstance(bound, RunnableBinding) and bound.bound is self.bound and not bound.config:
            return self.bind(**bound.kwargs)
        return EscalationStep(bound=bound, escalator=self._seat.engine)

    @property
    def config_specs(self) -> list[ConfigurableFieldSpec]:
        """What may stand in `configurable`, the wrapped model's own included."""
        return specs_beside(self.bound.config_specs)

    # The run itself: these are the methods that LangChain's public ones call, and that we call of
    # the wrapped model in turn.
    # ruff: noqa: SLF001 - a model that wraps a model has no other way to its hooks

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        config, beside = self._begin(messages, run_manager)
        try:
            result = self.bound._generate_with_cache(
                messages, stop=stop, run_manager=run_manager, **kwargs
            )
        except BaseException as error:
            beside.broken(error)
            raise
        if not result.generations:
            beside.unanswered()
            return result
        return with_first(result, beside.finished(result.generations[0].message, config))

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        config, beside = self._begin(messages, run_manager)
        try:
            result = await self.bound._agenerate_with_cache(
                messages, stop=stop, run_manager=run_manager, **kwargs
            )
        except BaseException as error:
            beside.broken(error)
            raise
        if not result.generations:
            beside.unanswered()
            return result
        return with_first(result, await beside.afinished(result.generations[0].message, config))

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        config, beside = self._begin(messages, run_manager)
        held = HeldGenerations()
        try:
            self._pace()
            source = closable(
                self.bound._stream(messages, stop=stop, run_manager=run_manager, **kwargs)
            )
            with closing(source):
                for chunk in source:
                    yield from held.passing(chunk, beside.fed)
        except BaseException as error:
            beside.broken(error)
            if isinstance(error, Exception):
                yield from held.around(beside.let_go())
            raise
        for added in held.around(beside.ended(config)):
            if run_manager is not None and added.text:
                run_manager.on_llm_new_token(added.text, chunk=added)
            yield added

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        config, beside = self._begin(messages, run_manager)
        held = HeldGenerations()
        try:
            await self._apace()
            source = aclosable(
                self.bound._astream(messages, stop=stop, run_manager=run_manager, **kwargs)
            )
            async with aclosing(source):
                async for chunk in source:
                    for passed in held.passing(chunk, beside.fed):
                        yield passed
        except BaseException as error:
            beside.broken(error)
            if isinstance(error, Exception):
                for kept in held.around(beside.let_go()):
                    yield kept
            raise
        for added in held.around(await beside.aended(config)):
            if run_manager is not None and added.text:
                await run_manager.on_llm_new_token(added.text, chunk=added)
            yield added

    def _pace(self) -> None:
        if self.bound.rate_limiter is not None:
            self.bound.rate_limiter.acquire(blocking=True)

    async def _apace(self) -> None:
        if self.bound.rate_limiter is not None:
            await self.bound.rate_limiter.aacquire(blocking=True)

    def _for(self, config: RunnableConfig | None) -> "tuple[EscalationChatModel, RunnableConfig]":
        """A copy of this model that knows who asks, and the config with the id of its run to be."""
        config = ensure_config(config)
        if not self._seat.engine.takes_part():
            return self, config
        config["run_id"] = config.get("run_id") or uuid7()
        asked = self._copied()
        asked._asked = config
        return asked, config

    def _answered(self, reply: Any) -> Any:
        if self._when_answered is not None:
            self._when_answered()
        return reply

    def _copied(self) -> "EscalationChatModel":
        """A copy that need not describe itself again to those who listen: that is slow."""
        _ = self._serialized
        return copy(self)

    def _begin(
        self,
        messages: list[BaseMessage],
        run_manager: CallbackManagerForLLMRun | AsyncCallbackManagerForLLMRun | None,
    ) -> tuple[RunnableConfig, Beside]:
        config = self._asked or ensure_config(None)
        run_id: UUID | None = config.get("run_id") if run_manager is None else run_manager.run_id
        if self._given:
            config = {**config, "configurable": {**config.get("configurable", {}), **self._given}}
        said = messages if self._said is None else self._said
        beside = Beside.begin(self._seat.engine, said, None, config, run_manager)
        return (config if run_id is None else beneath(config, run_id)), beside
