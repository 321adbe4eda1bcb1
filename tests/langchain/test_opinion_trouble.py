"""Whatever a classifier's server does, the offline decision stands and no reply is late for it."""

import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tay_middleware import EscalationStep, Escalator
from tay_middleware.settings import load_settings
from tests.databases import migrated_file
from tests.decide.llm_server import LlmServer, llm_server
from tests.decide.test_classify_server import EVERY_TROUBLE
from tests.langchain.models import NEED, SHAPES, model
from tests.langchain.who import someone

PROMPTS = Path(__file__).resolve().parents[2] / "prompts"
GRACE_SECONDS = 2.0
SLACK_SECONDS = 1.0
"""What a loaded machine may add."""


@pytest.fixture(scope="module")
def server() -> Iterator[LlmServer]:
    with llm_server() as running:
        yield running


@pytest.fixture(scope="module")
def unsure(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A playbook that is unsure of everything, and so asks."""
    prompts = shutil.copytree(PROMPTS, tmp_path_factory.mktemp("tay") / "prompts")
    policy = prompts / "policy.yaml"
    edited, count = re.subn(
        r"unsure: \{[^}]*\}", "unsure: {least: 0.0, most: 1.0}", policy.read_text()
    )
    assert count == 1
    policy.write_text(edited)
    return prompts


def an_engine(home: Path, prompts: Path, **classifier: Any) -> Escalator:
    migrated_file(home / "tay.db")
    engine = Escalator.from_settings(
        load_settings(
            home=home,
            prompts_dir=prompts,
            encoder="off",
            grace_seconds=GRACE_SECONDS,
            recall_timeout_seconds=5.0,
            **classifier,
        )
    )
    assert engine.flush(30)  # the classifier's client is ready
    return engine


def decided_and_late(engine: Escalator) -> tuple[dict[str, Any], float]:
    """What was decided of a need, and the longest wait for a chunk in seconds."""
    step = EscalationStep(bound=model(SHAPES["finish, then usage"]), escalator=engine)
    told: dict[str, Any] = {}
    longest, before = 0.0, time.perf_counter()
    for chunk in step.stream(NEED, someone()):
        longest, before = max(longest, time.perf_counter() - before), time.perf_counter()
        told |= chunk.response_metadata.get("tay", {})
    keys = ("detected", "shown", "offer", "reason", "strength", "stage", "gates", "suppressed")
    return {key: told.get(key) for key in keys}, max(longest, time.perf_counter() - before)


@pytest.fixture(scope="module")
def offline(tmp_path_factory: pytest.TempPathFactory, unsure: Path) -> dict[str, Any]:
    """The decision without a classifier."""
    engine = an_engine(tmp_path_factory.mktemp("offline"), unsure)
    decided, _ = decided_and_late(engine)
    engine.close()
    assert decided["stage"] == "model"
    return decided


@pytest.mark.parametrize("trouble", [one for one in EVERY_TROUBLE if one != "ok=mentorship,stall"])
def test_a_server_in_trouble_changes_no_decision_and_delays_no_reply_beyond_the_grace(
    server: LlmServer, unsure: Path, offline: dict[str, Any], tmp_path: Path, trouble: str
) -> None:
    name = f"{trouble}#late"
    engine = an_engine(
        tmp_path,
        unsure,
        classifier_model=name,
        classifier_base_url=server.url,
        classifier_api_key="sk-1",
    )
    decided, late = decided_and_late(engine)
    engine.close()
    assert server.requests(name)
    assert decided == offline
    assert late < GRACE_SECONDS + SLACK_SECONDS
