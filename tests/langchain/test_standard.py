"""LangChain's own suite for chat models, on ours around the real `langchain-openai` model."""

from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_openai import ChatOpenAI
from langchain_tests.unit_tests import ChatModelUnitTests

from tay_middleware import EscalationChatModel, Escalator


class TestStandard(ChatModelUnitTests):
    """Its parameters go to the wrapped model: ours has none but the model and the engine."""

    engine: Escalator

    @pytest.fixture(autouse=True)
    def _with_engine(self, engine: Escalator) -> None:
        type(self).engine = engine

    @property
    def chat_model_class(self) -> type[BaseChatModel]:
        engine = self.engine

        class Wrapped(EscalationChatModel):
            def __init__(self, **parameters: Any) -> None:
                if "bound" not in parameters:
                    bound = ChatOpenAI(model="scripted", **{"api_key": "none", **parameters})
                    parameters = {"bound": bound, "escalator": engine}
                super().__init__(**parameters)

        return Wrapped
