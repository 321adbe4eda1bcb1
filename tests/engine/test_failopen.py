import asyncio
import logging

import pytest

from tay_middleware.engine import Faults
from tay_middleware.errors import StorageUnavailable


def test_a_block_that_raises_is_counted_and_dropped(caplog: pytest.LogCaptureFixture) -> None:
    faults = Faults()
    with caplog.at_level(logging.WARNING, "tay_middleware"), faults.guard("turn 7")("recall"):
        raise StorageUnavailable("the store is locked")
    assert faults.counts == {"recall": 1}
    (message,) = caplog.messages
    assert message == (
        "tay failed open in recall (StorageUnavailable: the store is locked) for turn 7; "
        "the reply is the model's own"
    )


def test_only_the_first_fault_of_a_turn_warns(caplog: pytest.LogCaptureFixture) -> None:
    faults = Faults()
    guard = faults.guard("turn 7")
    with caplog.at_level(logging.WARNING, "tay_middleware"):
        for phase in ("recall", "commit", "commit"):
            with guard(phase):
                raise StorageUnavailable("gone")
    assert faults.counts == {"recall": 1, "commit": 2}
    assert len(caplog.messages) == 1


def test_the_text_of_a_foreign_error_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "tay_middleware"), Faults().guard("turn 7")("decide"):
        raise ValueError("my secret question")
    assert "secret" not in caplog.text


@pytest.mark.parametrize("stop", [asyncio.CancelledError, KeyboardInterrupt, SystemExit])
def test_a_stop_is_never_held(stop: type[BaseException]) -> None:
    with pytest.raises(stop), Faults().guard("turn 7")("recall"):
        raise stop
