"""A whole conversation over one model: what the demo and `tay chat` talk through.

Apps have chains of their own; this one is the smallest that a person can talk to.
"""

from collections.abc import Iterator, Mapping
from itertools import cycle

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from langchain_core.prompts import ChatPromptTemplate

from tay_middleware.engine import Escalator
from tay_middleware.errors import ConfigurationError
from tay_middleware.langchain.scripted import ScriptedChatModel
from tay_middleware.langchain.step import EscalationStep
from tay_middleware.playbook import Playbook

SCRIPTED_LINES = (
    "Start with the smallest thing you can finish today, and do that one properly.",
    "Write it down before you change it. Most messes are one missing page.",
    "Test it on one client first. If she doesn't notice, it wasn't worth the worry.",
    "Clean lace, thin layers, patience. In that order.",
)
"""What stands in for a model when there is no key; general enough to follow any question."""


def tay_prompt(playbook: Playbook) -> ChatPromptTemplate:
    """Tay's persona, then the conversation so far, then the question."""
    persona = playbook.voice.persona.replace("{", "{{").replace("}", "}}")
    return ChatPromptTemplate.from_messages(
        [("system", persona), ("placeholder", "{history}"), ("human", "{question}")]
    )


def chat_model(name: str | None) -> BaseChatModel:
    """The model of that name (`provider:model`), or a scripted one for `None`.

    Raises:
        ConfigurationError: the extra is not installed, or the provider refuses to be set up.
    """
    if name is None:
        lines = cycle(SCRIPTED_LINES)
        return ScriptedChatModel(reply=lambda _question: next(lines))
    try:
        from langchain.chat_models import init_chat_model  # noqa: PLC0415 - an extra
    except ImportError:
        raise ConfigurationError(
            "--model needs an extra: pip install 'tay-middleware[chat]'"
        ) from None
    try:
        model = init_chat_model(name)
    except Exception as error:
        raise ConfigurationError(f"the model {name!r} cannot be set up: {error}") from error
    return model


class Conversation:
    """Turns of one person with one model; remembers them all."""

    def __init__(
        self, model: BaseChatModel, engine: Escalator, configurable: Mapping[str, object]
    ) -> None:
        """Start one; `configurable` is what an app passes for the person."""
        self._chain = tay_prompt(engine.playbook) | EscalationStep(bound=model, escalator=engine)
        self._configurable = dict(configurable)
        self._history: list[BaseMessage] = []

    def say(self, question: str) -> "ChatTurn":
        """Ask something; iterate over the result for the pieces of the reply as they arrive."""
        return ChatTurn(self._pieces(question))

    def _pieces(self, question: str) -> Iterator[tuple[str, dict[str, object]]]:
        said: list[str] = []
        for chunk in self._chain.stream(
            {"question": question, "history": self._history},
            {"configurable": dict(self._configurable)},
        ):
            said.append(chunk.text)
            yield chunk.text, chunk.response_metadata.get("tay", {})
        self._history += [HumanMessage(question), AIMessage("".join(said))]


class ChatTurn:
    """One reply while it arrives; `decision` is known once it has ended."""

    def __init__(self, pieces: Iterator[tuple[str, dict[str, object]]]) -> None:
        self._pieces = pieces
        self.decision: dict[str, object] = {}

    def __iter__(self) -> Iterator[str]:
        for text, told in self._pieces:
            self.decision = told or self.decision
            yield text
