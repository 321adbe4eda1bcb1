"""EscalationStep: wraps a model or a chain, passes its reply through, and may append a sentence.

A thin surface: it finds the question, hands everything else to the engine, and puts what the engine
answers at the end of the reply. Nothing of a request is kept on the instance.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing, closing
from functools import partial
from typing import TYPE_CHECKING, Any

from langchain_core.callbacks import (
    AsyncCallbackManagerForChainRun,
    CallbackManagerForChainRun,
)
from langchain_core.language_models import BaseChatModel
from langchain_core.runnables import Runnable, RunnableConfig, RunnableSerializable
from langchain_core.runnables.graph import Graph
from langchain_core.runnables.utils import ConfigurableFieldSpec
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    SerializeAsAny,
    model_validator,
)

from tay_middleware.engine import Escalator, Seat
from tay_middleware.langchain.arguments import (
    only_a_runnable,
    only_fitting,
    only_known,
    only_named,
)
from tay_middleware.langchain.asker import specs_beside
from tay_middleware.langchain.beside import Beside
from tay_middleware.langchain.passing import added, as_run
from tay_middleware.langchain.reading import InputKey
from tay_middleware.langchain.stand_in import StandIn
from tay_middleware.langchain.streams import aclosable, closable
from tay_middleware.settings import Settings


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
        escalator: an engine to share between steps; default: that of this process for `settings`.
        input_key: for inputs that are dicts: the key of the question, or a function of the dict;
            default: `question`, `input` or `messages`.

    Raises:
        ConfigurationError: settings are wrong, or an argument is unknown, missing or no such thing.
    """

    bound: SerializeAsAny[Runnable[Any, Any]]
    settings: Settings | None = Field(default=None, exclude=True, repr=False)
    escalator: Escalator | None = Field(default=None, exclude=True, repr=False)
    input_key: InputKey = None

    _seat: Seat = PrivateAttr()

    model_config = ConfigDict(arbitrary_types_allowed=True)

    if not TYPE_CHECKING:  # a checker reads the fields

        def __init__(self, *unnamed: object, **given: object) -> None:
            only_named(type(self), unnamed)
            super().__init__(**given)

    @model_validator(mode="before")
    @classmethod
    def _only_fitting(cls, given: Any) -> Any:
        return only_fitting(cls.__name__, only_a_runnable(cls, only_known(cls, given)))

    def model_post_init(self, _context: Any, /) -> None:
        """Make the engine now, so that a mistake is told at the start."""
        self._seat = Seat.at(self.escalator, lambda: Escalator.shared(self.settings))
        # Kept on the field too: `configurable_fields` copies the fields for every single call.
        self.escalator = self._seat.engine

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
        return specs_beside(self.bound.config_specs)

    def get_graph(self, config: RunnableConfig | None = None) -> Graph:
        """The graph of the wrapped runnable, with this step behind it."""
        graph = self.bound.get_graph(config)
        output = graph.last_node()
        if output is None:
            return graph
        step = graph.add_node(self)
        graph.edges = [
            edge._replace(target=step.id) if edge.target == output.id else edge
            for edge in graph.edges
        ]
        graph.add_edge(step, output)
        return graph

    def flush(self, timeout_seconds: float = 5.0) -> bool:
        """Wait until every decision so far is written; false when the time was too short."""
        return self._seat.engine.flush(timeout_seconds)

    def close(self) -> None:
        """Write what is unwritten and, as the last at its engine, let go of the store.

        For apps that end before Python does.
        """
        self._seat.leave()

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
        return self._as_run(input, config, kwargs)

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
        value = added([piece async for piece in input])
        async with aclosing(self._as_run(value, config, kwargs)) as chunks:
            async for chunk in chunks:
                yield chunk

    def _as_run(
        self, value: Any, config: RunnableConfig | None, kwargs: dict[str, Any]
    ) -> AsyncGenerator[Any, None]:
        return as_run(self.get_name(), value, partial(self._astream, value, kwargs), config)

    def _invoke(
        self,
        value: Any,
        run_manager: CallbackManagerForChainRun,
        config: RunnableConfig,
        **kwargs: Any,
    ) -> Any:
        beside = self._begin(value, run_manager, config)
        try:
            output = self.bound.invoke(value, config, **kwargs)
        except BaseException as error:
            beside.broken(error)
            raise
        return beside.finished(output, config)

    async def _ainvoke(
        self,
        value: Any,
        run_manager: AsyncCallbackManagerForChainRun,
        config: RunnableConfig,
        **kwargs: Any,
    ) -> Any:
        beside = self._begin(value, run_manager, config)
        try:
            output = await self.bound.ainvoke(value, config, **kwargs)
        except BaseException as error:
            beside.broken(error)
            raise
        return await beside.afinished(output, config)

    def _stream(
        self,
        pieces: Iterator[Any],
        run_manager: CallbackManagerForChainRun,
        config: RunnableConfig,
        **kwargs: Any,
    ) -> Iterator[Any]:
        value = added(list(pieces))
        beside = self._begin(value, run_manager, config)
        try:
            with closing(closable(self.bound.stream(value, config, **kwargs))) as chunks:
                for chunk in chunks:
                    yield from beside.fed(chunk)
        except BaseException as error:
            beside.broken(error)
            if isinstance(error, Exception):
                yield from beside.let_go()
            raise
        yield from beside.ended(config)

    async def _astream(
        self,
        value: Any,
        kwargs: dict[str, Any],
        run_manager: AsyncCallbackManagerForChainRun,
        config: RunnableConfig,
    ) -> AsyncIterator[Any]:
        beside = self._begin(value, run_manager, config)
        try:
            source = aclosable(self.bound.astream(value, config, **kwargs))
            async with aclosing(source) as chunks:
                async for chunk in chunks:
                    for passed in beside.fed(chunk):
                        yield passed
        except BaseException as error:
            beside.broken(error)
            if isinstance(error, Exception):
                for held in beside.let_go():
                    yield held
            raise
        for chunk in await beside.aended(config):
            yield chunk

    def _begin(
        self,
        value: Any,
        run_manager: CallbackManagerForChainRun | AsyncCallbackManagerForChainRun,
        config: RunnableConfig,
    ) -> Beside:
        beside = Beside.begin(self._seat.engine, value, self.input_key, config, run_manager)
        # A message says itself how it ended; but a model of ours decides on it.
        if not isinstance(self.bound, BaseChatModel) or isinstance(self.bound, StandIn):
            beside.listen(config)
        return beside
