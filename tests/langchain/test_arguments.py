"""What the surfaces refuse to be made of: a mistake is told at the start, not found in the log."""

import asyncio
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import HumanMessage
from langchain_core.outputs import ChatResult
from langchain_core.runnables import ConfigurableField

from tay_middleware import EscalationChatModel, EscalationStep, Escalator
from tay_middleware.errors import ConfigurationError
from tay_middleware.langchain import ScriptedChatModel
from tay_middleware.settings import load_settings
from tests.langchain.models import NEED, SHAPES, model
from tests.langchain.surfaces import WrapModel
from tests.langchain.who import name_in, rows_of, someone

PLAIN = SHAPES["finish, then usage"]


@pytest.mark.parametrize("surface", [EscalationStep, EscalationChatModel])
def test_a_misspelt_argument_is_refused_and_the_nearest_one_told(
    surface: Any, engine: Escalator
) -> None:
    with pytest.raises(ConfigurationError, match="takes no `setting`; did you mean `settings`"):
        surface(bound=model(PLAIN), setting=engine.settings)
    with pytest.raises(ConfigurationError, match=f"{surface.__name__} takes no `engine`$"):
        surface(bound=model(PLAIN), engine=engine)


def test_a_chat_model_takes_the_fields_of_every_chat_model(wrap_model: WrapModel) -> None:
    ours = wrap_model(
        model(PLAIN),
        name="tay",
        tags=["t"],
        metadata={"m": 1},
        callbacks=[BaseCallbackHandler()],
        verbose=False,
        disable_streaming=True,
    )
    assert (ours.name, ours.tags, ours.disable_streaming) == ("tay", ["t"], True)


@pytest.mark.parametrize("surface", [EscalationStep, EscalationChatModel])
def test_what_langchain_makes_of_a_surface_is_made_as_before(surface: Any, tmp_path: Path) -> None:
    settings = load_settings(home=tmp_path, scorer="off", grace_seconds=5.0)
    with_name = surface(bound=ScriptedChatModel(), settings=settings, name="tay")
    engine = with_name.escalator
    later = surface(bound=ScriptedChatModel(), escalator=engine).configurable_fields(
        bound=ConfigurableField(id="llm")
    )
    other = ScriptedChatModel(reply=lambda _asked: "Another one.")
    assert later.invoke("hello", {"configurable": {"llm": other}}).text == "Another one."
    again = pickle.loads(pickle.dumps(surface(bound=model(PLAIN), escalator=engine)))  # noqa: S301 - our own bytes
    assert again.escalator.settings == settings
    again.close()
    engine.close()


AROUND: dict[str, Callable[[BaseChatModel], Any]] = {
    "bind": lambda plain: plain.bind(stop=["x"]),
    "with_retry": lambda plain: plain.with_retry(),
    "with_fallbacks": lambda plain: plain.with_fallbacks([plain]),
}


@pytest.mark.parametrize("around", AROUND)
def test_what_is_around_a_model_is_no_model_and_the_way_round_is_told(
    engine: Escalator, around: str
) -> None:
    with pytest.raises(ConfigurationError, match="wrap the model first"):
        EscalationChatModel(bound=AROUND[around](model(PLAIN)), escalator=engine)


class Silent(BaseChatModel):
    """A model that ends well and says nothing at all."""

    @property
    def _llm_type(self) -> str:
        return "silent"

    def _generate(self, *_args: Any, **_kwargs: Any) -> ChatResult:
        return ChatResult(generations=[])


def test_a_result_without_a_generation_is_handed_on_and_its_turn_closed(
    wrap_model: WrapModel, engine: Escalator
) -> None:
    config, ours = someone(), wrap_model(Silent())
    with pytest.raises(IndexError):  # LangChain's own, as without us
        ours.invoke(NEED, config)
    with pytest.raises(IndexError):
        asyncio.run(ours.ainvoke(f"{NEED} Please.", config))
    assert [row.shown for row in rows_of(engine, name_in(config))] == [False, False]
    assert ours.generate([[HumanMessage(NEED)]]).generations == [[]]
