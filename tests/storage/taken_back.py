"""What every store must do where a mention is taken back that nobody saw.

Part of the contract in `contract.py`.
"""

from typing import Any

import pytest

from tay_middleware.domain import History, Suppression
from tay_middleware.storage import TurnStore, Verdict
from tests.builders import NOON
from tests.storage.records import SECOND, a_record, key, repeated


class TakenBackContract:
    """The claims; `run` gives each of them a store and an event loop."""

    def test_a_retracted_mention_was_never_made(self, run: Any) -> None:
        async def scene(store: TurnStore) -> tuple[Any, History, Verdict]:
            await store.commit(a_record(1))
            await store.retract(a_record(1))
            rows = await store.latest(10)
            history = await store.recall(key(), NOON)
            return rows, history, await store.commit(a_record(2, at=NOON + SECOND))

        rows, history, verdict = run(scene)
        assert [(row.shown, row.suppressed) for row in rows] == [(False, "degraded")]
        assert history.mentions == ()
        assert verdict.granted

    def test_retracting_twice_or_the_unknown_is_nothing(self, run: Any) -> None:
        async def scene(store: TurnStore) -> Any:
            await store.commit(a_record(1, shown=False))
            for number in (1, 1, 77):
                await store.retract(a_record(number))
            return await store.latest(10)

        assert [(row.shown, row.suppressed) for row in run(scene)] == [(False, None)]

    def test_what_was_seen_stays_when_the_same_turn_is_asked_again_and_left(self, run: Any) -> None:
        async def scene(store: TurnStore) -> tuple[Any, History, Verdict]:
            await store.commit(a_record(1))
            await store.commit(repeated(1))
            await store.retract(repeated(1))
            await store.commit(repeated(1).denied(Suppression.DEGRADED))
            rows, history = await store.latest(10), await store.recall(key(), NOON)
            return rows, history, await store.commit(a_record(2, at=NOON + SECOND))

        rows, history, verdict = run(scene)
        assert [(row.shown, row.id) for row in rows] == [(True, a_record(1).id)]
        assert history.mentions == (NOON,)
        assert not verdict.granted

    def test_what_was_seen_stays_when_a_repeat_is_taken_back_that_never_came(
        self, run: Any
    ) -> None:
        async def scene(store: TurnStore) -> tuple[Any, Verdict]:
            await store.commit(a_record(1))
            await store.retract(repeated(1))
            return await store.latest(10), await store.commit(a_record(2, at=NOON + SECOND))

        rows, verdict = run(scene)
        assert [row.shown for row in rows] == [True]
        assert not verdict.granted

    @pytest.mark.parametrize("first", [0, 1, 2])
    def test_what_several_were_told_is_taken_back_with_the_last_of_them(
        self, run: Any, first: int
    ) -> None:
        """The one that made the row may be the first to leave: another one may have shown it."""
        told = [a_record(1), repeated(1), repeated(1, 98)]

        async def scene(store: TurnStore) -> list[Any]:
            verdicts = [await store.commit(record) for record in told]
            assert {one.addition for one in verdicts} == {"\n\nabout turn 1"}
            found = []
            for record in (*told[first:], *told[:first]):
                await store.retract(record)
                (row,) = await store.latest(10)
                found.append((row.shown, len((await store.recall(key(), NOON)).mentions)))
            return found

        assert run(scene) == [(True, 1), (True, 1), (False, 0)]

    def test_a_repeat_without_words_of_its_own_was_told_of_no_mention(self, run: Any) -> None:
        async def scene(store: TurnStore) -> Any:
            await store.commit(a_record(1))
            await store.commit(repeated(shown=False))
            await store.retract(a_record(1))
            return await store.latest(10)

        assert [row.shown for row in run(scene)] == [False]
