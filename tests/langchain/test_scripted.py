import asyncio
from typing import Any

import pytest
from langchain_core.messages import AIMessageChunk, HumanMessage, SystemMessage

from tay_middleware.langchain import ScriptedChatModel

SAID = "Thin layers,  then patience. "
MODEL = ScriptedChatModel(replies={"lace?": SAID}, reply=lambda question: f"Hm, {question}")
USAGE = {"input_tokens": 1, "output_tokens": 4, "total_tokens": 5}


async def _alist(chunks: Any) -> list[Any]:
    return [chunk async for chunk in chunks]


def test_it_answers_the_last_human_from_the_script_and_else_by_the_function() -> None:
    earlier = [HumanMessage("lace?"), SystemMessage("Be Tay.")]
    assert MODEL.invoke(earlier).text == SAID
    assert MODEL.invoke([*earlier, HumanMessage("glue?")]).text == "Hm, glue?"
    assert MODEL.invoke([SystemMessage("Be Tay.")]).text == "Hm, "


@pytest.mark.parametrize("is_async", [False, True])
def test_it_streams_words_and_then_metadata_alone_as_a_provider_does(*, is_async: bool) -> None:
    chunks: list[AIMessageChunk] = (
        asyncio.run(_alist(MODEL.astream("lace?"))) if is_async else list(MODEL.stream("lace?"))
    )
    *words, end = chunks
    assert [str(word.text) for word in words] == ["Thin", " layers,", "  then", " patience.", " "]
    assert all(not word.response_metadata and word.usage_metadata is None for word in words)
    assert (end.content, end.chunk_position, end.usage_metadata) == ("", "last", USAGE)
    assert end.response_metadata["finish_reason"] == "stop"


def test_invoked_it_says_and_counts_the_same() -> None:
    whole = MODEL.invoke("lace?")
    assert (whole.text, whole.usage_metadata) == (SAID, USAGE)
    assert whole.response_metadata["finish_reason"] == "stop"
