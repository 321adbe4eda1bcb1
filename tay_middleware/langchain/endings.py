"""How the models in a chain ended: after a parser a text no longer says that it was cut."""

from typing import Any

from langchain_core.callbacks import BaseCallbackHandler, BaseCallbackManager
from langchain_core.callbacks.manager import BaseRunManager
from langchain_core.outputs import ChatGeneration, Generation, LLMResult
from langchain_core.runnables import RunnableConfig

from tay_middleware.decide.replies import Obstacle
from tay_middleware.langchain.claims import Claims
from tay_middleware.langchain.replies import finish_obstacle, obstacle_in


class Endings(BaseCallbackHandler):
    """Listens to the models beneath one step and remembers the texts that did not simply end.

    Surfaces of ours beneath lay their `claims` here.
    """

    run_inline = True
    ignore_chain = ignore_agent = ignore_retriever = ignore_retry = True
    ignore_chat_model = ignore_custom_event = True

    def __init__(self) -> None:
        self.claims = Claims()
        self._heard: list[tuple[str, Obstacle]] = []

    def listen(self, config: RunnableConfig) -> None:
        """Hear of everything that is run with `config`, which is one run's own."""
        callbacks = config.get("callbacks")
        if isinstance(callbacks, BaseCallbackManager):
            callbacks.add_handler(self, inherit=True)

    def on_llm_end(self, response: LLMResult, **_more: Any) -> None:
        """Note what forbids an addition after the texts of a model's run."""
        for generations in response.generations:
            for generation in generations:
                text, obstacle = generation.text.strip(), _obstacle_in(generation)
                if text and obstacle is not None:
                    self._heard.append((text, obstacle))

    def obstacle_after(self, text: str) -> Obstacle | None:
        """Why nothing may be added after `text`: it ends with a model's words that were cut, say.

        Only the model whose words these are counts; others in the chain may call tools.
        """
        ended = text.strip()
        return next((why for words, why in self._heard if ended.endswith(words)), None)


def endings_around(config: RunnableConfig, run: BaseRunManager | None) -> list[Endings]:
    """The listeners of the surfaces of ours in which a run lies.

    Args:
        config: of the run or of what lies inside it.
        run: the run; `None` where LangChain does not hand it on (a model's stream).
    """
    callbacks: Any = config.get("callbacks") if run is None else run
    handlers = getattr(callbacks, "handlers", callbacks) or ()
    return [one for one in handlers if isinstance(one, Endings)]


def _obstacle_in(generation: Generation) -> Obstacle | None:
    if isinstance(generation, ChatGeneration):
        message: Any = generation.message
        found = obstacle_in(message)
        if found is not None:
            return found
    return finish_obstacle(generation.generation_info or {})
