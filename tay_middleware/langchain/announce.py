"""Says what was decided where an app looks for it: an event, and the metadata of the run.

Both hang on the run of the surface that decided. Tracers keep the run until it ends, so a note made
before the last chunk is part of what they write; it is flat and short, so that traces can be
filtered by it (`tay_offer = mentorship`). The whole decision is in the event and in the message.
"""

from uuid import UUID

from langchain_core.callbacks import (
    AsyncCallbackHandler,
    BaseCallbackHandler,
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
    """Tell whoever listens to `config`, a config of what lies beneath the deciding run."""
    run_id = parent_of(config)
    listeners = _listeners(config)
    if run_id is not None and listeners:
        _note(told, run_id, listeners)
        dispatch_custom_event(EVENT_NAME, told, config=config)


async def aannounce(told: dict[str, Json], config: RunnableConfig) -> None:
    """As `announce`, without blocking."""
    run_id = parent_of(config)
    listeners = _listeners(config)
    if run_id is not None and listeners:
        _note(told, run_id, listeners)
        await adispatch_custom_event(EVENT_NAME, told, config=config)


def hears(listener: BaseCallbackHandler) -> bool:
    """Whether anything that is announced reaches `listener`: a tracer, or one who takes events.

    Most take none: those of a graph that streams messages, say. To announce to nobody costs as much
    as all else that is said of a turn.
    """
    takes = getattr(listener, "on_custom_event", None)
    takes_events = getattr(takes, "__func__", takes) not in _TAKES_NONE
    return isinstance(listener, BaseTracer) or (takes_events and not listener.ignore_custom_event)


_TAKES_NONE = (
    None,
    BaseCallbackHandler.on_custom_event,
    AsyncCallbackHandler.on_custom_event,
)
"""What listeners have by birth, and which does nothing."""


def beneath(config: RunnableConfig, run_id: UUID) -> RunnableConfig:
    """`config` for what happens inside the run `run_id`, which will be made from `config`."""
    callbacks = config.get("callbacks")
    if isinstance(callbacks, BaseCallbackManager):
        manager = callbacks.copy()
    else:
        handlers = list(callbacks or ())
        manager = CallbackManager(handlers, inheritable_handlers=list(handlers))
    manager.parent_run_id = run_id
    return {**config, "callbacks": manager}


def parent_of(config: RunnableConfig) -> UUID | None:
    """The run in which a run made from `config` would lie."""
    callbacks = config.get("callbacks")
    return callbacks.parent_run_id if isinstance(callbacks, BaseCallbackManager) else None


def _listeners(config: RunnableConfig) -> list[BaseCallbackHandler]:
    """Who hears: of the config, and of those that listen to everything in this context."""
    handlers = CallbackManager.configure(config.get("callbacks")).handlers
    return [handler for handler in handlers if hears(handler)]


def _note(told: dict[str, Json], run_id: UUID, listeners: list[BaseCallbackHandler]) -> None:
    noted = {f"tay_{name}": told[name] for name in NOTED}
    for tracer in listeners:
        run = tracer.run_map.get(str(run_id)) if isinstance(tracer, BaseTracer) else None
        if run is not None:
            run.add_metadata(noted)
