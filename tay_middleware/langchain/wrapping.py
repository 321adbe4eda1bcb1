"""Puts our chat model where an app's own model is, whatever the app has put around that.

`with_fallbacks`, `with_retry`, `bind` and `with_config` give a runnable that is no chat model any
more. It is rebuilt around our chat model, so that what it does is done as before. Of what chooses
its model at the call (`configurable_fields`) there is no model to wrap yet: it is not touched.
"""

from collections.abc import Callable
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.runnables import Runnable, RunnableWithFallbacks
from langchain_core.runnables.base import RunnableBindingBase

from tay_middleware.langchain.step import EscalationStep

Wrap = Callable[[BaseChatModel], Runnable[Any, Any]]
"""Puts a surface of ours around a chat model."""


def wrapped_within(model: Any, wrap: Wrap) -> Any:
    """`model` with `wrap` done to the chat models in it, `None` where it cannot be done to all.

    A step of ours is left as it is: it makes its own additions.
    """
    if isinstance(model, EscalationStep):
        return model
    if isinstance(model, BaseChatModel):
        return wrap(model)
    if isinstance(model, RunnableBindingBase):
        inner = wrapped_within(model.bound, wrap)
        return None if inner is None else model.model_copy(update={"bound": inner})
    if isinstance(model, RunnableWithFallbacks):
        first, *others = (wrapped_within(one, wrap) for one in (model.runnable, *model.fallbacks))
        if first is None or None in others:
            return None
        return model.model_copy(update={"runnable": first, "fallbacks": others})
    return None
