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


def test_a_crowd_of_one_kind_is_warned_of_once_a_minute_with_its_number(
    caplog: pytest.LogCaptureFixture,
) -> None:
    now = 0.0
    faults = Faults(lambda: now)

    def fail(error: Exception, phase: str = "recall") -> None:
        with faults.guard("turn 7")(phase):
            raise error

    with caplog.at_level(logging.WARNING, "tay_middleware"):
        for number in range(121):
            now = number * 0.5
            fail(StorageUnavailable("gone"))
        fail(TimeoutError())
        fail(StorageUnavailable("gone"), "commit")
    assert faults.counts == {"recall": 122, "commit": 1}
    first, again, other, elsewhere = caplog.messages
    assert "more of these" not in first + other + elsewhere
    assert again.endswith("the model's own (119 more of these were not logged)")
