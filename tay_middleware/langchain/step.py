"""EscalationStep: wraps a model or a chain, passes its reply through, and may append a sentence.

A thin surface: it finds the question, hands everything else to the engine, and puts what the engine
answers at the end of the reply. Nothing of a request is kept on the instance.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, closing
from typing import Any

from langchain_core.callbacks import (
    AsyncCallbackManagerForChainRun,
    CallbackManagerForChainRun,
    adispatch_custom_event,
    dispatch_custom_event,
)
from langchain_core.runnables import Runnable, RunnableConfig, RunnableSerializable
from langchain_core.runnables.utils import ConfigurableFieldSpec, get_unique_config_specs
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, SerializeAsAny

from tay_middleware.decide import describe
from tay_middleware.decide.describe import Json
from tay_middleware.domain import ReplyStatus, Turn
from tay_middleware.engine import Escalator, Outcome, Pending
from tay_middleware.langchain.reading import Asked, InputKey, read
from tay_middleware.langchain.replies import reply_of, woven
from tay_middleware.langchain.streams import StreamedReply
from tay_middleware.settings import Settings

EVENT_NAME = "tay_decision"
"""Name of the custom event that carries the decision in `astream_events`."""

_SPECS = (
    ConfigurableFieldSpec(
        id="user_id",
        annotation=str | None,
        name="User id",
        description="Who asks; without it there is no history, and a mention is gentle.",
        default=None,
    ),
    ConfigurableFieldSpec(
        id="session_id",
        annotation=str | None,
        name="Session id",
        description="The conversation; thread_id is accepted for it.",
        default=None,
    ),
    ConfigurableFieldSpec(
        id="tier",
        annotation=str | None,
        name="Tier",
        description="free, premium or vip; anything else is free.",
        default=None,
    ),
    ConfigurableFieldSpec(
        id="owned_offers",
        annotation=list[str],
        name="Owned offers",
        description="What the user has bought already.",
        default=[],
    ),
    ConfigurableFieldSpec(
        id="turn_id",
        annotation=str | None,
        name="Turn id",
        description="The turn, so that a repeated one counts once.",
        default=None,
    ),
    ConfigurableFieldSpec(
        id="signals",
        annotation=dict[str, Any],
        name="Signals",
        description="What the app knows: language, region, age_flag, missing_knowledge, …",
        default={},
    ),
)


class EscalationStep(RunnableSerializable[Any, Any]):
    """Wraps a chat model, or a chain that ends in one, and appends at most one mention.

    Use it wherever a Runnable goes: `prompt | EscalationStep(bound=model) | StrOutputParser()`.
    Who asks is read from `config["configurable"]`: `user_id`, `session_id` (or `thread_id`),
    `tier`, `owned_offers`, `turn_id`, `signals`; all of them may be missing.

    A reply that is a message or a text may get an addition; anything else is returned as it is. The
    decision stands in `response_metadata["tay"]` of the message, and is sent as the custom event
    `tay_decision`. Any failure of ours leaves the reply as the model wrote it.

    Args:
        bound: the model or chain to wrap.
        settings: the operator's knobs; default: from `TAY_*` variables.
        escalator: an engine to share between steps; default: one of its own, from `settings`.
        input_key: for inputs that are dicts: the key of the question, or a function of the dict;
            default: `question`, `input` or `messages`.

    Raises:
        ConfigurationError: settings or playbook are wrong.
    """

    bound: SerializeAsAny[Runnable[Any, Any]]
    settings: Settings | None = Field(default=None, exclude=True)
    escalator: Escalator | None = Field(default=None, exclude=True, repr=False)
    input_key: InputKey = None

    _engine: Escalator = PrivateAttr()

    model_config = ConfigDict(arbitrary_types_allowed=True)

    def model_post_init(self, _context: Any, /) -> None:
        """Make the engine now, so that a mistake in the playbook is told at the start."""
        self._engine = self.escalator or Escalator.from_settings(self.settings)

    @classmethod
    def is_lc_serializable(cls) -> bool:
        """False: a database and a playbook do not travel as JSON. It pickles."""
        return False

    @property
    def InputType(self) -> Any:  # noqa: N802 - the interface
        """What the wrapped runnable takes."""
        return self.bound.InputType

    @property
    def OutputType(self) -> Any:  # noqa: N802 - the interface
        """What the wrapped runnable gives."""
        return self.bound.OutputType

    def get_input_schema(self, config: RunnableConfig | None = None) -> type[BaseModel]:
        """The input schema of the wrapped runnable."""
        schema: type[BaseModel] = self.bound.get_input_schema(config)  # type: ignore[assignment]  # pydantic v1 is a relic of the annotation
        return schema

    def get_output_schema(self, config: RunnableConfig | None = None) -> type[BaseModel]:
        """The output schema of the wrapped runnable."""
        schema: type[BaseModel] = self.bound.get_output_schema(config)  # type: ignore[assignment]  # as above
        return schema

    @property
    def config_specs(self) -> list[ConfigurableFieldSpec]:
        """What may stand in `configurable`, the wrapped runnable's own included."""
        return get_unique_config_specs([*_SPECS, *self.bound.config_specs])

    def flush(self, timeout_seconds: float = 5.0) -> bool:
        """Wait until every decision so far is written; false when the time was too short."""
        return self._engine.flush(timeout_seconds)

    def close(self) -> None:
        """Write what is unwritten and let go of the store; for apps that end before Python does."""
        self._engine.close()

    def bind_tools(self, tools: Any, **kwargs: Any) -> "EscalationStep":
        """This step over the model with tools; tool calls themselves get no addition."""
        return self.model_copy(update={"bound": self._model("bind_tools")(tools, **kwargs)})

    def with_structured_output(self, schema: Any, **kwargs: Any) -> Runnable[Any, Any]:
        """The model's own structured output: never woven, never logged."""
        structured: Runnable[Any, Any] = self._model("with_structured_output")(schema, **kwargs)
        return structured

    def _model(self, method: str) -> Any:
        found = getattr(self.bound, method, None)
        if found is None:
            raise AttributeError(
                f"{type(self.bound).__name__}, which this step wraps, has no {method}"
            )
        return found

    def invoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:  # noqa: A002 - the interface
        """The reply of the wrapped runnable, perhaps with an addition."""
        return self._call_with_config(self._invoke, input, config, **kwargs)

    async def ainvoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:  # noqa: A002 - the interface
        """As `invoke`, without blocking."""
        return await self._acall_with_config(self._ainvoke, input, config, **kwargs)

    def stream(
        self,
        input: Any,  # noqa: A002 - the interface
        config: RunnableConfig | None = None,
        **kwargs: Any,
    ) -> Iterator[Any]:
        """Every chunk of the wrapped runnable as it comes, perhaps followed by an addition."""
        return self.transform(iter([input]), config, **kwargs)

    def astream(
        self,
        input: Any,  # noqa: A002 - the interface
        config: RunnableConfig | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[Any]:
        """As `stream`, without blocking."""
        return self.atransform(_only(input), config, **kwargs)

    def transform(
        self,
        input: Iterator[Any],  # noqa: A002 - the interface
        config: RunnableConfig | None = None,
        **kwargs: Any,
    ) -> Iterator[Any]:
        """As `stream`, for an input that itself comes in pieces; it is gathered first."""
        yield from self._transform_stream_with_config(input, self._stream, config, **kwargs)

    async def atransform(
        self,
        input: AsyncIterator[Any],  # noqa: A002 - the interface
        config: RunnableConfig | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[Any]:
        """As `transform`, without blocking."""
        chunks = self._atransform_stream_with_config(input, self._astream, config, **kwargs)
        async with aclosing(_generator(chunks)) as open_chunks:
            async for chunk in open_chunks:
                yield chunk

    def _invoke(
        self,
        value: Any,
        run_manager: CallbackManagerForChainRun,
        config: RunnableConfig,
        **kwargs: Any,
    ) -> Any:
        pending = self._begin(value, config, run_manager)
        try:
            output = self.bound.invoke(value, config, **kwargs)
        except BaseException:
            _abandon(pending, ReplyStatus.FAILED)
            raise
        if pending is None:
            return output
        outcome = pending.settle(reply_of(output))
        told = self._told(pending, outcome)
        self._announce(pending, told, config)
        with pending.guard("weave"):
            return woven(output, outcome, told)
        return output

    async def _ainvoke(
        self,
        value: Any,
        run_manager: AsyncCallbackManagerForChainRun,
        config: RunnableConfig,
        **kwargs: Any,
    ) -> Any:
        pending = self._begin(value, config, run_manager)
        try:
            output = await self.bound.ainvoke(value, config, **kwargs)
        except asyncio.CancelledError:
            _abandon(pending, ReplyStatus.ABANDONED)
            raise
        except BaseException:
            _abandon(pending, ReplyStatus.FAILED)
            raise
        if pending is None:
            return output
        outcome = await pending.asettle(reply_of(output))
        told = self._told(pending, outcome)
        await self._aannounce(pending, told, config)
        with pending.guard("weave"):
            return woven(output, outcome, told)
        return output

    def _stream(
        self,
        pieces: Iterator[Any],
        run_manager: CallbackManagerForChainRun,
        config: RunnableConfig,
        **kwargs: Any,
    ) -> Iterator[Any]:
        value = _gathered(list(pieces))
        pending = self._begin(value, config, run_manager)
        if pending is None:
            yield from self.bound.stream(value, config, **kwargs)
            return
        streamed = StreamedReply()
        try:
            with closing(_iterator(self.bound.stream(value, config, **kwargs))) as chunks:
                for chunk in chunks:
                    yield from _fed(pending, streamed, chunk)
        except GeneratorExit:
            pending.abandon(ReplyStatus.ABANDONED)
            raise
        except BaseException:
            pending.abandon(ReplyStatus.FAILED)
            yield from streamed.let_go()
            raise
        outcome = pending.settle(streamed.reply())
        told = self._told(pending, outcome)
        self._announce(pending, told, config)
        yield from _ended(pending, streamed, outcome, told)

    async def _astream(
        self,
        pieces: AsyncIterator[Any],
        run_manager: AsyncCallbackManagerForChainRun,
        config: RunnableConfig,
        **kwargs: Any,
    ) -> AsyncIterator[Any]:
        value = _gathered([piece async for piece in pieces])
        pending = self._begin(value, config, run_manager)
        streamed = StreamedReply()
        try:
            source = _generator(self.bound.astream(value, config, **kwargs))
            async with aclosing(source) as chunks:
                async for chunk in chunks:
                    for passed in _fed(pending, streamed, chunk):
                        yield passed
        except (GeneratorExit, asyncio.CancelledError):
            _abandon(pending, ReplyStatus.ABANDONED)
            raise
        except BaseException:
            _abandon(pending, ReplyStatus.FAILED)
            for held in streamed.let_go():
                yield held
            raise
        if pending is None:
            return
        outcome = await pending.asettle(streamed.reply())
        told = self._told(pending, outcome)
        await self._aannounce(pending, told, config)
        for chunk in _ended(pending, streamed, outcome, told):
            yield chunk

    def _begin(
        self,
        value: Any,
        config: RunnableConfig,
        run_manager: CallbackManagerForChainRun | AsyncCallbackManagerForChainRun,
    ) -> Pending | None:
        """Start our part beside the model; `None` when there is no question to decide on.

        Raises:
            InputError: the input is a dict that has no question where it was said to be.
        """
        asked = read(value, self.input_key)
        if asked is None:
            return None
        with self._engine.guard("a turn that did not begin")("begin"):
            return self._engine.begin(self._turn(asked, config, run_manager))
        return None

    def _turn(
        self,
        asked: Asked,
        config: RunnableConfig,
        run_manager: CallbackManagerForChainRun | AsyncCallbackManagerForChainRun,
    ) -> Turn:
        given = config.get("configurable") or {}
        parent = run_manager.parent_run_id
        return self._engine.turn(
            question=asked.question,
            transcript=asked.transcript,
            user_id=given.get("user_id"),
            session_id=given.get("session_id") or given.get("thread_id"),
            tier=given.get("tier"),
            owned_offers=given.get("owned_offers"),
            turn_id=given.get("turn_id"),
            idempotency_seed=f"{parent}:{asked.fingerprint}" if parent else None,
            signals=given.get("signals"),
        )

    def _told(self, pending: Pending, outcome: Outcome) -> dict[str, Json] | None:
        with pending.guard("describe"):
            return None if outcome.decision is None else describe(outcome.decision)
        return None

    def _announce(
        self, pending: Pending, told: dict[str, Json] | None, config: RunnableConfig
    ) -> None:
        if told is not None:
            with pending.guard("event"):
                dispatch_custom_event(EVENT_NAME, told, config=config)

    async def _aannounce(
        self, pending: Pending, told: dict[str, Json] | None, config: RunnableConfig
    ) -> None:
        if told is not None:
            with pending.guard("event"):
                await adispatch_custom_event(EVENT_NAME, told, config=config)


def _abandon(pending: Pending | None, status: ReplyStatus) -> None:
    if pending is not None:
        pending.abandon(status)


def _fed(pending: Pending | None, streamed: StreamedReply, chunk: Any) -> list[Any]:
    """What to pass on for `chunk`: itself at the least, whatever our bookkeeping makes of it."""
    if pending is not None:
        with pending.guard("chunk"):
            return streamed.feed(chunk)
    return [*streamed.let_go(), chunk]


def _ended(
    pending: Pending, streamed: StreamedReply, outcome: Outcome, told: dict[str, Json] | None
) -> list[Any]:
    """What follows the last chunk; what was kept back at the least."""
    with pending.guard("weave"):
        return list(streamed.end(outcome, told))
    return streamed.let_go()


def _gathered(pieces: list[Any]) -> Any:
    """One input of its pieces, added up as LangChain does."""
    if not pieces:
        return None
    whole = pieces[0]
    for piece in pieces[1:]:
        try:
            whole = whole + piece
        except TypeError:
            whole = piece
    return whole


async def _only(value: Any) -> AsyncIterator[Any]:
    yield value


def _iterator(chunks: Iterator[Any]) -> Any:
    """`chunks` as a generator, so that it can be closed."""
    return chunks if hasattr(chunks, "close") else (chunk for chunk in chunks)


def _generator(chunks: AsyncIterator[Any]) -> Any:
    """`chunks` as an async generator, so that it can be closed."""
    return chunks if hasattr(chunks, "aclose") else (chunk async for chunk in chunks)
