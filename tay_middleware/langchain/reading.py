"""What was asked: finding question and transcript in everything a LangChain step may be handed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    ChatMessage,
    HumanMessage,
    convert_to_messages,
)
from langchain_core.prompt_values import PromptValue

from tay_middleware.domain import Message
from tay_middleware.hashing import digest
from tay_middleware.langchain.replies import METADATA_KEY

InputKey = str | Callable[[Any], Any] | None
"""How to find the question in a dict: its key, a function of the dict, or the usual keys."""

QUESTION_KEYS = ("question", "input", "messages")
"""Tried in this order when no `input_key` is given."""

TRANSCRIPT_KEYS = ("history", "chat_history", "messages")
"""Where the earlier messages usually lie in a dict whose question is a text."""

READ_BACK = 200
"""Messages before the question that are read. We read on the caller's thread, before the model is
asked: of 4,000 messages, as dicts, that took 170 ms."""

USER_ROLES, ASSISTANT_ROLES = frozenset({"user", "human"}), frozenset({"assistant", "ai"})
"""Roles of a `ChatMessage`, which may have any."""

MADE_BY = "lc_source"
"""Where LangChain notes in a message that a program and no person wrote it, and which one; and
in the metadata of a call to a model that a program makes for itself."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The question and the last `READ_BACK` messages before it, as plain text, oldest first.

    `message_id` is the id of the question's message, where it has one: a graph gives every message
    of its state an id that it keeps. `is_answered` says that a reply to it already carries an
    addition of ours: it is another node of a graph that is asked now. `said_since` is what was
    replied after the question, for nodes that pass on a reply's text alone.
    """

    question: str
    transcript: tuple[Message, ...] = ()
    message_id: str | None = None
    is_answered: bool = False
    said_since: tuple[str, ...] = ()

    @property
    def fingerprint(self) -> str:
        """A hash that is the same for the same question after the same messages."""
        before = (f"\x00{message.role}\x00{message.content}" for message in self.transcript)
        return digest("".join([self.question, *before]).encode(errors="surrogatepass")).hex()


@dataclass(frozen=True, slots=True)
class Place:
    """Where the question lies (a text or messages), and where messages from before it do.

    `missing` says what there was where the app looks in a place that there is not: a mistake of the
    program, which no reply would ever mend. `unread` says what cannot be read in that place.
    """

    question: Any
    earlier: Any = ()
    missing: str | None = None
    unread: str | None = None


MEND = (
    "Set input_key of EscalationStep to the key that holds the question, or to a function of the "
    "input; or pass `question` in `configurable`"
)

UNREAD = f"no text and no messages: no reply to such an input has an addition. {MEND}"
"""Told in the log, which is no place for what users write: of the input no value is told, and
no key but the one that the program looks under."""


def read(value: Any, input_key: InputKey = None) -> Asked | None:
    """Find the question in a step's input; `None` when it holds none (an image alone, say)."""
    return understand(locate(value, input_key))


def locate(value: Any, input_key: InputKey = None) -> Place:
    """Where in a step's input the question lies, without looking at it; raises nothing of ours."""
    if callable(input_key):
        return _called(input_key, value)
    if not isinstance(value, Mapping):
        return _placed(value, "the input")
    key = input_key or next((name for name in QUESTION_KEYS if name in value), None)
    if key is None:
        looked = f"found {_keys(value)}, looked for {', '.join(QUESTION_KEYS)}"
        return Place(None, _earlier(value), f"no question in the input: {looked}. {MEND}")
    if key not in value:
        looked = f"input_key={key!r} is not in the input; found {_keys(value)}"
        return Place(None, _earlier(value), f"{looked}. {MEND}")
    return _placed(value[key], f"what stands under {key!r} in the input", _earlier(value, key))


def understand(place: Place) -> Asked | None:
    """The question and what was said before it, `None` where there is no question."""
    asked = _in_messages(place.question)
    if asked is None or asked.transcript:
        return asked
    before = _listed(place.earlier)[-READ_BACK:]
    return replace(asked, transcript=_transcript(_messages(before))) if before else asked


def said_in(state: Any, shown: Sequence[Any]) -> Sequence[BaseMessage] | None:
    """What was said in an agent's talk, where its model is `shown` something else; else `None`.

    Middleware may put pages before the model alone, or around what was said: those nobody said. A
    message that the model is shown in other words (redacted, say) is taken in those, by its id.
    """
    said = _listed(state.get("messages")) if isinstance(state, Mapping) else ()
    if [*map(id, said)] == [*map(id, shown)] or not any(map(_is_user, _messages(said))):
        return None
    by_id: Mapping[str | None, BaseMessage] = {
        one.id: one for one in shown if isinstance(one, BaseMessage) and one.id
    }
    return [_as_shown(one, by_id.get(one.id, one)) for one in _messages(said)]


def _as_shown(said: BaseMessage, shown: BaseMessage) -> BaseMessage:
    """A message in the words that the model is shown; with more around them, in its own."""
    own = str(said.text).strip()
    return said if own and own in str(shown.text) else shown


def _called(input_key: Callable[[Any], Any], value: Any) -> Place:
    earlier = _earlier(value)
    try:
        found = input_key(value)
    except (LookupError, AttributeError, TypeError, ValueError) as error:
        found = _keys(value) if isinstance(value, Mapping) else type(value).__name__
        # An error's text may quote what the user wrote.
        said = f"({type(error).__name__}); found {found}"
        return Place(None, earlier, f"input_key found no question in the input {said}. {MEND}")
    return _placed(found, "what input_key gives", earlier)


def _placed(question: Any, subject: str, earlier: Any = ()) -> Place:
    """A question of some type; what no text and no messages can be in is told."""
    if question is None or isinstance(question, str | BaseMessage | PromptValue | Sequence):
        return Place(question, earlier)
    kind = type(question).__name__
    return Place(None, earlier, unread=f"{subject} is of {kind}, {UNREAD}")


def _earlier(value: Any, but: str | None = None) -> Any:
    if not isinstance(value, Mapping):
        return ()
    return next((value[name] for name in TRANSCRIPT_KEYS if name != but and name in value), ())


def _keys(value: Mapping[str, Any]) -> str:
    return ", ".join(repr(key) for key in value) or "an empty dict"


def _in_messages(value: Any) -> Asked | None:
    if isinstance(value, str):
        return Asked(value) if value.strip() else None
    said = _listed(value)
    last, is_named = _position(said)
    if last is None:
        return None
    read_on = _messages(said[max(0, last - READ_BACK) : last + 1])
    question = str(read_on[-1].text) if read_on else ""
    if not question.strip():
        return None
    replies = [message for message in _messages(said[last + 1 :]) if _is_reply(message)]
    return Asked(
        question,
        _transcript(read_on[:-1], has_agents=not is_named),
        read_on[-1].id,
        any(_carries_addition(message) for message in replies),
        tuple(str(message.text) for message in replies),
    )


def _position(said: Sequence[Any]) -> tuple[int | None, bool]:
    """Where the last message lies that a person wrote, and whether it has a name.

    Agents pass on what they found as human messages with a name; but in a talk of many people every
    one has a name. So a named one is a person's only where no unnamed one is near.
    """
    named = None
    for at in range(len(said) - 1, -1, -1):
        if named is not None and at < named - READ_BACK:
            break
        read_on = _messages(said[at : at + 1])
        if not read_on:
            return None, False
        if _is_asked(read_on[0]):
            if not read_on[0].name:
                return at, False
            named = at if named is None else named
    return named, True


def _is_asked(message: BaseMessage) -> bool:
    """Whether a person said it: an agent's own notes (a summary, say) are human messages too."""
    is_noted = message.additional_kwargs.get(MADE_BY) or _is_example(message)
    return _is_user(message) and not is_noted


def _is_example(message: BaseMessage) -> bool:
    """Whether it shows the model how to answer (`HumanMessage(…, example=True)`): nobody said it.

    LangChain has no such field any more, and keeps it among those that it does not know.
    """
    return bool((message.model_extra or {}).get("example"))


def _is_reply(message: BaseMessage) -> bool:
    """Whether an agent said it, of what comes after the question."""
    return _is_assistant(message) or (_is_user(message) and bool(message.name))


def _is_user(message: BaseMessage) -> bool:
    return isinstance(message, HumanMessage) or _role(message) in USER_ROLES


def _is_assistant(message: BaseMessage) -> bool:
    return isinstance(message, AIMessage) or _role(message) in ASSISTANT_ROLES


def _role(message: BaseMessage) -> str | None:
    return message.role.lower() if isinstance(message, ChatMessage) else None


def _carries_addition(message: BaseMessage) -> bool:
    told = message.response_metadata.get(METADATA_KEY)
    return isinstance(told, Mapping) and bool(told.get("addition"))


def _listed(value: Any) -> Sequence[Any]:
    """The messages in `value`, in whatever form they have."""
    if isinstance(value, PromptValue):
        return value.to_messages()
    if isinstance(value, BaseMessage):
        return [value]
    if isinstance(value, str) or not isinstance(value, Sequence):
        return []
    return list(value)


def _messages(said: Sequence[Any]) -> Sequence[BaseMessage]:
    """`said` as messages, none where there is one that LangChain cannot read."""
    try:
        return convert_to_messages(said)
    except (ValueError, NotImplementedError, TypeError, KeyError):
        return []


def _transcript(
    messages: Sequence[BaseMessage], *, has_agents: bool = False
) -> tuple[Message, ...]:
    """What both sides said; of human messages with a name only those in a talk of named people."""
    has_agents = has_agents or any(_is_asked(one) and not one.name for one in messages)
    said: list[Message] = []
    for message in messages:
        text = str(message.text)
        if not text.strip() or _is_example(message):
            continue
        if _is_user(message) and not (has_agents and message.name):
            said.append(Message("user", text))
        elif _is_assistant(message):
            said.append(Message("assistant", text))
    return tuple(said)
