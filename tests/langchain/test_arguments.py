"""What the surfaces refuse to be made of: a mistake is told at the start, not found in the log."""

import asyncio
import pickle
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import HumanMessage
from langchain_core.outputs import ChatResult
from langchain_core.runnables import ConfigurableField

from tay_middleware import (
    EscalationAgentMiddleware,
    EscalationChatModel,
    EscalationStep,
    Escalator,
    Mode,
    Settings,
)
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
    with pytest.raises(ConfigurationError, match="takes no `llm`; did you mean `bound`"):
        surface(llm=model(PLAIN))
    with pytest.raises(ConfigurationError, match=r"`settings=Settings\(mode=…\)`"):
        surface(bound=model(PLAIN), mode="shadow")


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


@pytest.mark.parametrize("surface", [EscalationStep, EscalationChatModel])
def test_a_model_without_its_name_is_refused_with_what_to_write(surface: Any) -> None:
    written = re.escape(f"{surface.__name__}(bound=model)")
    for unnamed in ([model(PLAIN)], [model(PLAIN), Settings(mode=Mode.SHADOW)], ["gpt-5"]):
        with pytest.raises(ConfigurationError, match=f"takes its arguments by name: {written}"):
            surface(*unnamed)
    for named in ({}, {"bound": None}):
        with pytest.raises(ConfigurationError, match=f"needs the model that it wraps: {written}"):
            surface(**named)


@pytest.mark.parametrize("surface", [EscalationStep, EscalationChatModel])
@pytest.mark.parametrize(
    ("bound", "told"),
    [
        ("gpt-5", "an object of str and no model: make the model of that name first"),
        (ScriptedChatModel, "the class ScriptedChatModel and no model: make one of that class"),
        (len, "an object of builtin_function_or_method and no model: make a chain of it first"),
        ({"a": ScriptedChatModel()}, "an object of dict and no model: make a chain of it first"),
        (7, "an object of int and no model: pass a chat model"),
    ],
)
def test_what_is_no_model_is_refused_with_the_mend(surface: Any, bound: Any, told: str) -> None:
    with pytest.raises(ConfigurationError, match=f"`bound` of {surface.__name__} is {told}"):
        surface(bound=bound)


def a_surface(kind: str, **given: Any) -> Any:
    if kind == "agent":
        return EscalationAgentMiddleware(**given)
    surface: Any = EscalationStep if kind == "step" else EscalationChatModel
    return surface(bound=model(PLAIN), **given)


@pytest.mark.parametrize("kind", ["step", "model", "agent"])
def test_settings_and_engine_in_each_others_place_are_told_apart(
    kind: str, engine: Escalator
) -> None:
    for name, wrong, told in (
        ("settings", engine, "is an object of Escalator.*; an engine goes to `escalator`"),
        ("settings", "shadow", r"is an object of str.*`settings=Settings\(mode=\"shadow\"\)`"),
        ("settings", Settings, "is the class Settings, and takes Settings"),
        ("escalator", engine.settings, "is an object of Settings.*; settings go to `settings`"),
        ("escalator", "redis", r".*takes an engine: `escalator=Escalator.shared\(\)`"),
    ):
        with pytest.raises(ConfigurationError, match=f"`{name}` of Escalation\\w+ {told}"):
            a_surface(kind, **{name: wrong})


@pytest.mark.parametrize("kind", ["step", "model"])
def test_settings_as_a_dict_that_do_not_fit_are_told_as_settings_are(kind: str) -> None:
    with pytest.raises(ConfigurationError, match="TAY_MODE: Input should be"):
        a_surface(kind, settings={"mode": "loud"})


@pytest.mark.parametrize("wrong", [3, ["question"]])
def test_an_input_key_is_a_key_or_a_function(engine: Escalator, wrong: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"`input_key` of EscalationStep .* or a function"):
        EscalationStep(bound=model(PLAIN), escalator=engine, input_key=wrong)


def test_an_agent_surface_says_where_the_model_goes(engine: Escalator) -> None:
    surface: Any = EscalationAgentMiddleware
    for unnamed, named in (
        ([model(PLAIN)], {}),
        ([], {"bound": model(PLAIN)}),
        ([engine.settings, engine], {}),
    ):
        with pytest.raises(ConfigurationError, match=r"create_agent\(model, tools, middleware="):
            surface(*unnamed, **named)
    with pytest.raises(ConfigurationError, match="takes no `setting`; did you mean `settings`"):
        surface(setting=engine.settings)


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
