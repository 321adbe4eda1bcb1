"""What the classifier's tests share: settings, one ask on a loop of its own, a clock to turn."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from tay_middleware.decide.classify import Answer, Classifier
from tay_middleware.domain import Message
from tay_middleware.playbook import Playbook
from tay_middleware.settings import Settings, load_settings

T = TypeVar("T")

QUESTION = "my wig line does 4k a month and i pay myself nothing, where is it all going"
_NUMBERS = itertools.count(1)


class Clock:
    """Seconds that only a test lets pass."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def knobs(url: str, model: str, **changes: object) -> Settings:
    """Settings for one test's own model behind the server at `url`."""
    named = f"{model}#{next(_NUMBERS)}"
    given = {"classifier_base_url": url, "classifier_model": named, "classifier_api_key": "sk-1"}
    return load_settings(**{**given, **changes})


def at_work(
    settings: Settings,
    playbook: Playbook,
    scene: Callable[[Classifier], Awaitable[T]],
    clock: Callable[[], float] | None = None,
) -> T:
    """Run `scene` with a classifier on a loop of its own, no jitter, and close it afterwards."""

    async def whole() -> T:
        around = {"clock": clock} if clock else {}
        classifier = Classifier.from_settings(settings, playbook, randomness=lambda: 0.0, **around)
        assert classifier is not None
        try:
            return await scene(classifier)
        finally:
            await classifier.aclose()
            left = asyncio.all_tasks() - {asyncio.current_task()}
            assert not left

    return asyncio.run(whole())


def asked(
    settings: Settings, playbook: Playbook, *questions: str, transcript: Sequence[Message] = ()
) -> list[Answer]:
    """Ask `questions` one after another."""

    async def scene(classifier: Classifier) -> list[Answer]:
        return [await classifier.ask(question, transcript) for question in questions]

    return at_work(settings, playbook, scene)
