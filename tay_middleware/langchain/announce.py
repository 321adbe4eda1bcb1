"""Says what was decided where an app looks for it: an event, and the metadata of the run.

Both hang on the run of the surface that decided. Tracers keep the run until it ends, so a note made
before the last chunk is part of what they write; it is flat and short, so that traces can be
filtered by it (`tay_offer = mentorship`). The whole decision is in the event and in the message.
"""

from collections.abc import Iterator
from uuid import UUID

from langchain_core.callbacks import (
    BaseCallbackManager,
    CallbackManager,
    adispatch_custom_event,
    dispatch_custom_event,
)
from langchain_core.runnables import RunnableConfig
from langchain_core.tracers import BaseTracer

from tay_middleware.decide.describe import Json

EVENT_NAME = "tay_decision"
"""Name of the custom event that carries the decision in `astream_events`."""

NOTED = ("shown", "kind", "suppressed", "offer", "reason", "strength", "stage", "template")
"""What of a decision stands in the run's metadata, each under `tay_<name>`."""


def announce(told: dict[str, Json], config: RunnableConfig) -> None:
    """Tell the callbacks of `config`, a config of what lies beneath the deciding run."""
    _note(told, config)
    if _is_heard(config):
        dispatch_custom_event(EVENT_NAME, told, config=config)


async def aannounce(told: dict[str, Json], config: RunnableConfig) -> None:
    """As `announce`, without blocking."""
    _note(told, config)
    if _is_heard(config):
        await adispatch_custom_event(EVENT_NAME, told, config=config)


def beneath(config: RunnableConfig, run_id: UUID) -> RunnableConfig:
    """`config` for what happens inside the run `run_id`, which will be made from `config`."""
    manager = CallbackManager.configure(config.get("callbacks"))
    manager.parent_run_id = run_id
    return {**config, "callbacks": manager}


def parent_of(config: RunnableConfig) -> UUID | None:
    """The run in which a run made from `config` would lie."""
    callbacks = config.get("callbacks")
    return callbacks.parent_run_id if isinstance(callbacks, BaseCallbackManager) else None


def _is_heard(config: RunnableConfig) -> bool:
    callbacks = config.get("callbacks")
    return isinstance(callbacks, BaseCallbackManager) and bool(callbacks.handlers)


def _note(told: dict[str, Json], config: RunnableConfig) -> None:
    run_id = str(parent_of(config))
    noted = {f"tay_{name}": told[name] for name in NOTED}
    for tracer in _tracers(config):
        run = tracer.run_map.get(run_id)
        if run is not None:
            run.add_metadata(noted)


def _tracers(config: RunnableConfig) -> Iterator[BaseTracer]:
    callbacks = config.get("callbacks")
    if isinstance(callbacks, BaseCallbackManager):
        for handler in callbacks.handlers:
            if isinstance(handler, BaseTracer):
                yield handler
