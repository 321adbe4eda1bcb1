import asyncio
import threading

import pytest

from tay_middleware.engine.handover import Handover, Outcome

GIFT = Outcome(addition="\n\nsomething")


def test_what_is_delivered_in_time_is_taken() -> None:
    handover = Handover()
    assert handover.deliver(GIFT)
    assert handover.wait(0.01) == GIFT


def test_who_gave_up_gets_nothing_and_the_giver_learns_it() -> None:
    handover = Handover()
    assert handover.wait(0.0) is None
    assert not handover.deliver(GIFT)


def test_a_gift_delivered_before_giving_up_is_still_returned() -> None:
    handover = Handover()
    handover.deliver(GIFT)
    assert handover.give_up() == GIFT


def test_exactly_one_side_wins_every_race() -> None:
    for _ in range(500):
        handover = Handover()
        accepted: list[bool] = []
        giver = threading.Thread(target=lambda: accepted.append(handover.deliver(GIFT)))  # noqa: B023 - joined below
        giver.start()
        taken = handover.wait(0.0)
        giver.join()
        assert accepted == [taken is not None]


async def _taken_in(seconds: float, handover: Handover) -> Outcome | None:
    return await handover.wait_async(seconds)


def test_an_event_loop_waits_without_blocking() -> None:
    async def scene() -> Outcome | None:
        handover = Handover()
        waiting = asyncio.ensure_future(_taken_in(5, handover))
        await asyncio.sleep(0)
        threading.Thread(target=lambda: handover.deliver(GIFT)).start()
        return await waiting

    assert asyncio.run(scene()) == GIFT


def test_an_event_loop_gives_up_in_time() -> None:
    handover = Handover()
    assert asyncio.run(_taken_in(0.01, handover)) is None
    assert not handover.deliver(GIFT)


def test_a_cancelled_waiter_is_cancelled_and_can_still_give_up() -> None:
    handover = Handover()

    async def scene() -> None:
        waiting = asyncio.ensure_future(_taken_in(5, handover))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    asyncio.run(scene())
    assert handover.give_up() is None
    assert not handover.deliver(GIFT)
