"""What every store must do where a conversation lasts over several visits, and where a turn failed.

Part of the contract in `contract.py`.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tay_middleware.domain import History, ReplyStatus
from tay_middleware.storage import TurnStore
from tests.builders import NOON
from tests.storage.records import DAY, RULE, a_record, key

HOUR = timedelta(hours=1)


class VisitsContract:
    """The claims; `run` gives each of them a store and an event loop."""

    @pytest.mark.parametrize("session", ["s1", None])
    @pytest.mark.parametrize(
        ("hours", "granted"),
        [
            ((0, 11), [True, False]),
            ((0, 12), [True, True]),
            ((0, 11, 22), [True, False, False]),
            ((0, 13, 14), [True, True, False]),
        ],
    )
    def test_a_pause_ends_what_a_mention_asks_of_the_next(
        self, run: Any, session: str | None, hours: Sequence[int], granted: list[bool]
    ) -> None:
        async def scene(store: TurnStore) -> list[bool]:
            records = [
                a_record(number, at=NOON + after * HOUR, session=session)
                for number, after in enumerate(hours, 1)
            ]
            return [(await store.commit(record)).granted for record in records]

        assert run(scene) == granted

    def test_a_pause_between_turns_without_a_mention_counts_as_well(self, run: Any) -> None:
        async def scene(store: TurnStore) -> list[bool]:
            turns = ((0, True), (1, False), (9 * 24, False), (9 * 24 + 1, True))
            records = [
                a_record(number, at=NOON + after * HOUR, shown=shown)
                for number, (after, shown) in enumerate(turns, 1)
            ]
            return [(await store.commit(record)).granted for record in records]

        assert run(scene) == [True] * 4

    def test_how_long_a_pause_is_the_claim_says(self, run: Any) -> None:
        async def scene(store: TurnStore) -> list[bool]:
            claim = replace(RULE, visit_pause_seconds=3600.0)
            records = [a_record(n, at=NOON + n * HOUR, claim=claim) for n in (1, 2)]
            return [(await store.commit(record)).granted for record in records]

        assert run(scene) == [True, True]

    def test_a_turn_that_failed_is_known_as_such(self, run: Any) -> None:
        async def scene(store: TurnStore) -> tuple[History, History]:
            failed = a_record(1, shown=False, status=ReplyStatus.FAILED, declines=True)
            await store.commit(failed)
            before = await store.recall(key(), NOON)
            await store.commit(a_record(1, shown=False))
            await store.commit(a_record(2, at=NOON + DAY, shown=False))
            return before, await store.recall(key(), NOON + DAY)

        before, after = run(scene)
        assert [(turn.failed, turn.gates) for turn in before.turns] == [(True, ())]
        assert before.declined_at == NOON
        assert [turn.failed for turn in after.turns] == [False, False]
