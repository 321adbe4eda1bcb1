"""What every store must do. A backend subclasses `TurnStoreContract` and supplies one fixture.

The fixture `handles` makes opened stores on the same data, as several processes would have them.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from tay_middleware.domain import (
    ClosedGate,
    History,
    Kind,
    ReplyStatus,
    Suppression,
    uuid7,
)
from tay_middleware.storage import TurnStore, Verdict
from tests.builders import NOON
from tests.storage.records import DAY, SECOND, a_record, key, repeated
from tests.storage.taken_back import TakenBackContract
from tests.storage.visits import VisitsContract

Handles = Callable[[], Awaitable[TurnStore]]


class TurnStoreContract(VisitsContract, TakenBackContract):
    """The claims; `run` gives each of them a store and an event loop."""

    @pytest.fixture
    def handles(self) -> Handles:
        raise NotImplementedError

    @pytest.fixture
    def run(self, handles: Handles) -> Callable[[Callable[[TurnStore], Awaitable[Any]]], Any]:
        """Runs a scene with one opened store."""

        def play(scene: Callable[[TurnStore], Awaitable[Any]]) -> Any:
            async def opened() -> Any:
                store = await handles()
                try:
                    return await scene(store)
                finally:
                    await store.aclose()

            return asyncio.run(opened())

        return play

    def test_a_stranger_has_an_empty_history(self, run: Any) -> None:
        assert run(lambda store: store.recall("nobody", NOON)) == History()

    def test_a_granted_mention_is_recalled(self, run: Any) -> None:
        async def scene(store: TurnStore) -> tuple[Verdict, History]:
            return await store.commit(a_record()), await store.recall(key(), NOON)

        verdict, history = run(scene)
        assert verdict == Verdict(granted=True, addition="\n\nabout turn 1")
        assert (history.first_seen, history.last_seen) == (NOON, NOON)
        assert history.mentions == (NOON,)
        (turn,) = history.turns
        assert (turn.kind, turn.offer, turn.topic, turn.session_id, turn.template) == (
            Kind.MENTION,
            "mentorship",
            "pricing",
            "s1",
            "mentorship.gentle.any.A",
        )

    def test_users_do_not_see_each_other(self, run: Any) -> None:
        async def scene(store: TurnStore) -> History:
            await store.commit(a_record(user="ada"))
            return await store.recall(key("bea"), NOON)

        assert run(scene) == History()

    def test_turns_come_oldest_first_and_no_more_than_were_asked_for(self, run: Any) -> None:
        async def scene(store: TurnStore) -> History:
            for number in range(1, 30):
                at = NOON + number * SECOND
                await store.commit(a_record(number, at=at, shown=False))
            return await store.recall(key(), NOON + DAY)

        turns = run(scene).turns
        assert [turn.turn_id for turn in turns] == [UUID(int=n) for n in range(20, 30)]

    def test_a_second_mention_within_three_turns_is_denied(self, run: Any) -> None:
        async def scene(store: TurnStore) -> list[bool]:
            granted = []
            for number, shown in enumerate((True, True, False, True, True), start=1):
                record = a_record(number, at=NOON + number * SECOND, shown=shown)
                granted.append((await store.commit(record)).granted)
            return granted

        assert run(scene) == [True, False, True, False, True]

    def test_a_denied_mention_is_logged_as_a_cooldown(self, run: Any) -> None:
        async def scene(store: TurnStore) -> Any:
            await store.commit(a_record(1))
            await store.commit(a_record(2, at=NOON + SECOND))
            return await store.latest(1)

        (row,) = run(scene)
        assert (row.shown, row.suppressed, row.kind) == (False, "cooldown", "none")
        assert (row.offer, row.strength, row.detected) == ("mentorship", "gentle", True)

    def test_two_a_day_and_four_a_week_are_the_most(self, run: Any) -> None:
        async def scene(store: TurnStore) -> list[bool]:
            granted = []
            for number in range(1, 21):
                at = NOON + number * timedelta(hours=8)
                record = a_record(number, at=at, session=f"s{number}")
                granted.append((await store.commit(record)).granted)
            return granted

        # Every eight hours: two of the first three, then one as each leaves its day, four in all.
        assert [n for n, granted in enumerate(run(scene), 1) if granted] == [1, 2, 4, 5]

    def test_no_claim_no_cooldown(self, run: Any) -> None:
        async def scene(store: TurnStore) -> list[bool]:
            first = await store.commit(a_record(1))
            second = await store.commit(a_record(2, at=NOON + SECOND, claim=None))
            return [first.granted, second.granted]

        assert run(scene) == [True, True]

    def test_nobody_claims_nothing(self, run: Any) -> None:
        async def scene(store: TurnStore) -> list[bool]:
            records = [a_record(number, user=None, session=None) for number in (1, 2)]
            return [(await store.commit(record)).granted for record in records]

        assert run(scene) == [True, True]

    def test_a_turn_without_a_session_has_its_own_cooldown(self, run: Any) -> None:
        async def scene(store: TurnStore) -> list[bool]:
            records = [
                a_record(1, session=None),
                a_record(2, session=None, at=NOON + SECOND),
                a_record(3, session="s1", at=NOON + 2 * SECOND),
            ]
            return [(await store.commit(record)).granted for record in records]

        assert run(scene) == [True, False, True]

    def test_of_200_claims_at_once_one_is_granted(self, run: Any) -> None:
        async def scene(store: TurnStore) -> list[Verdict]:
            records = [a_record(number) for number in range(1, 201)]
            return await asyncio.gather(*(store.commit(record) for record in records))

        assert sum(verdict.granted for verdict in run(scene)) == 1

    def test_of_many_claims_over_several_handles_one_is_granted(self, handles: Handles) -> None:
        async def scene() -> list[Verdict]:
            stores = [await handles() for _ in range(4)]
            records = [a_record(number) for number in range(1, 81)]
            verdicts = await asyncio.gather(
                *(stores[at % 4].commit(record) for at, record in enumerate(records))
            )
            for store in stores:
                await store.aclose()
            return verdicts

        assert sum(verdict.granted for verdict in asyncio.run(scene())) == 1

    def test_the_same_turn_again_changes_nothing_and_gets_the_same_words(self, run: Any) -> None:
        async def scene(store: TurnStore) -> tuple[Verdict, Verdict, int]:
            first = await store.commit(a_record(1))
            again = await store.commit(repeated(1))
            return first, again, len(await store.latest(10))

        first, again, rows = run(scene)
        assert again == Verdict(granted=True, duplicate=True, addition=first.addition)
        assert rows == 1

    def test_a_turn_that_was_denied_stays_denied(self, run: Any) -> None:
        async def scene(store: TurnStore) -> Verdict:
            await store.commit(a_record(1))
            await store.commit(a_record(2, at=NOON + SECOND))
            return await store.commit(a_record(2, at=NOON + SECOND))

        assert run(scene) == Verdict(granted=False, duplicate=True)

    @pytest.mark.parametrize("status", [ReplyStatus.FAILED, ReplyStatus.ABANDONED])
    def test_a_retry_that_worked_replaces_the_turn_that_did_not(
        self, run: Any, status: ReplyStatus
    ) -> None:
        async def scene(store: TurnStore) -> tuple[Verdict, Any]:
            await store.commit(a_record(1, shown=False, status=status))
            verdict = await store.commit(repeated(1))
            return verdict, await store.latest(10)

        verdict, rows = run(scene)
        assert (verdict.granted, verdict.duplicate) == (True, False)
        assert [(row.shown, row.id) for row in rows] == [(True, uuid7(NOON, 99))]

    def test_a_no_and_a_stop_are_remembered_and_taken_back(self, run: Any) -> None:
        async def scene(store: TurnStore) -> list[History]:
            seen = []
            effects: tuple[dict[str, Any], ...] = (
                {"declines": True},
                {"opts_out": True},
                {"opts_in": True},
            )
            for number, effect in enumerate(effects, start=1):
                at = NOON + number * SECOND
                await store.commit(a_record(number, at=at, shown=False, **effect))
                seen.append(await store.recall(key(), at))
            return seen

        said_no, stopped, back = run(scene)
        assert (said_no.declined_at, said_no.declined_session) == (NOON + SECOND, "s1")
        assert said_no.opted_out_at is None
        assert stopped.opted_out_at == NOON + 2 * SECOND
        assert stopped.declined_at == NOON + SECOND
        assert (back.declined_at, back.declined_session, back.opted_out_at) == (None, None, None)

    def test_a_gate_that_stays_closed_outlives_the_turns_that_are_looked_back_on(
        self, run: Any
    ) -> None:
        minor, upset = ClosedGate("minor", NOON), ClosedGate("distress", NOON, "s 1 \U0001f494")

        async def scene(store: TurnStore) -> History:
            await store.commit(a_record(1, shown=False, closed=(minor, upset)))
            for number in range(2, 15):
                at = NOON + number * SECOND
                await store.commit(a_record(number, at=at, shown=False))
            return await store.recall(key(), NOON + 399 * DAY)

        history = run(scene)
        assert UUID(int=1) not in {turn.turn_id for turn in history.turns}
        assert set(history.closed) == {minor, upset}

    def test_of_a_gate_that_is_closed_again_the_later_time_is_kept(self, run: Any) -> None:
        async def scene(store: TurnStore) -> History:
            for number, minute in enumerate((2, 3, 1), start=1):
                at = NOON + 60 * minute * SECOND
                closed = (ClosedGate("distress", at, f"s{minute}"),)
                await store.commit(a_record(number, at=at, shown=False, closed=closed))
            await store.commit(
                a_record(4, shown=False, opts_in=True, closed=(ClosedGate("minor", NOON),))
            )
            return await store.recall(key(), NOON + DAY)

        assert set(run(scene).closed) == {
            ClosedGate("distress", NOON + 180 * SECOND, "s3"),
            ClosedGate("minor", NOON),
        }

    def test_a_late_turn_does_not_move_last_seen_back(self, run: Any) -> None:
        async def scene(store: TurnStore) -> History:
            await store.commit(a_record(1, at=NOON + DAY, shown=False))
            await store.commit(a_record(2, at=NOON, shown=False))
            return await store.recall(key(), NOON + DAY)

        assert run(scene).last_seen == NOON + DAY

    @pytest.mark.parametrize(
        "text",
        [
            "what's 'wrong' with my prices?",
            "'); DROP TABLE question_logs; --",
            "😭👩🏾‍🦱 نصائح للشعر עִבְרִית",
            "line\nbreak\ttab \u200f\u202e",
            "x" * 4000,
            "",
        ],
    )
    def test_any_text_comes_back_as_it_went_in(self, run: Any, text: str) -> None:
        async def scene(store: TurnStore) -> Any:
            await store.commit(
                a_record(1, question=text, user=text[:50] or None, session=text[:50])
            )
            return await store.latest(1)

        (row,) = run(scene)
        assert (row.question, row.user_id) == (text, text[:50] or None)

    def test_a_cancelled_commit_leaves_nothing_half_done(self, run: Any) -> None:
        async def scene(store: TurnStore) -> tuple[Verdict, int]:
            for _ in range(20):
                task = asyncio.ensure_future(store.commit(a_record(1)))
                await asyncio.sleep(0)
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
            verdict = await store.commit(a_record(2, session="s2"))
            return verdict, len(await store.latest(10))

        verdict, rows = run(scene)
        assert verdict.granted
        assert rows in {1, 2}, "the cancelled turn is written whole, or not at all"

    def test_latest_comes_newest_first(self, run: Any) -> None:
        async def scene(store: TurnStore) -> Any:
            for number in (1, 2, 3):
                await store.commit(a_record(number, at=NOON + number * SECOND, shown=False))
            return await store.latest(2)

        assert [row.turn_id.int for row in run(scene)] == [3, 2]

    def test_opening_and_closing_twice_is_fine(self, run: Any) -> None:
        async def scene(store: TurnStore) -> None:
            await store.open()
            await store.aclose()

        assert run(scene) is None

    def test_a_suppressed_decision_is_written_with_its_cause(self, run: Any) -> None:
        async def scene(store: TurnStore) -> Any:
            held = [a_record(n + 1).denied(cause) for n, cause in enumerate(Suppression)]
            for record in held:
                await store.commit(record)
            return await store.latest(20)

        assert {row.suppressed for row in run(scene)} == set(Suppression)

    def test_nothing_is_paused_to_begin_with(self, run: Any) -> None:
        assert run(lambda store: store.paused(NOON)) == frozenset()
