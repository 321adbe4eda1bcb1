"""Each scenario: load, a fault, an account. The first one is free of faults and sets the pace."""

import asyncio
import json
import os
import random
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from redis import Redis

from tay_middleware.storage.outbox.buckets import outbox_of
from tests.chaos.conftest import FIRST, Judge, MakeStage
from tests.chaos.load import QUESTIONS, Told, one_turn, steady
from tests.chaos.stage import Account, meanwhile
from tests.servers import Postgres, Valkey, ValkeyCluster

A_SECOND = float(os.environ.get("TAY_TEST_CHAOS_RATE", "60"))
TURNS = int(6 * A_SECOND)


def test_without_a_fault(
    stage: MakeStage, own_valkey: Valkey, postgres_url: str, judge: Judge
) -> None:
    def play() -> Account:
        scene = stage(own_valkey.url, postgres_url)
        scene.start_drain()
        with scene.engine() as engine:
            told = asyncio.run(steady(engine, TURNS, A_SECOND))
        scene.settle()
        return scene.account(told)

    account = judge(FIRST, play)
    assert account.shown > 0


def test_drains_killed_in_the_middle_of_a_batch(
    stage: MakeStage, own_valkey: Valkey, postgres_url: str, judge: Judge
) -> None:
    def play() -> Account:
        scene = stage(own_valkey.url, postgres_url)
        with scene.engine() as engine:
            told = asyncio.run(steady(engine, TURNS, A_SECOND))

            def kill_some() -> None:
                rng = random.Random(7)
                for _ in range(3):
                    scene.start_drain(batch=40, claim_after_seconds=0.3)
                for _ in range(9):
                    time.sleep(rng.uniform(0.3, 1.0))
                    scene.kill_drain(rng.randrange(3))
                    scene.start_drain(batch=40, claim_after_seconds=0.3)

            with meanwhile(kill_some):
                told += asyncio.run(steady(engine, TURNS, A_SECOND, prefix="v"))
        scene.settle()
        return scene.account(told)

    judge("nine drains killed, three at once", play)


def test_redis_frozen(
    stage: MakeStage, own_valkey: Valkey, postgres_url: str, judge: Judge
) -> None:
    def play() -> Account:
        scene = stage(own_valkey.url, postgres_url)
        scene.start_drain()

        def freeze() -> None:
            time.sleep(1.5)
            own_valkey.freeze()
            time.sleep(1.5)
            own_valkey.thaw()

        with scene.engine() as engine, meanwhile(freeze):
            told = asyncio.run(steady(engine, TURNS, A_SECOND))
        scene.settle()
        return scene.account(told)

    judge("Valkey frozen for 1.5 s", play)


def test_redis_killed(
    stage: MakeStage, own_valkey: Valkey, postgres_url: str, judge: Judge
) -> None:
    def play() -> Account:
        scene = stage(own_valkey.url, postgres_url)
        scene.start_drain()

        def kill() -> None:
            for _ in range(2):
                time.sleep(1.2)
                own_valkey.kill()
                time.sleep(0.8)
                own_valkey.start()

        with scene.engine() as engine, meanwhile(kill):
            told = asyncio.run(steady(engine, TURNS, A_SECOND))
        scene.settle()
        return scene.account(told)

    judge("Valkey killed twice", play)


def test_sql_off(
    stage: MakeStage, own_valkey: Valkey, own_postgres: Postgres, judge: Judge
) -> None:
    def play() -> Account:
        scene = stage(own_valkey.url, own_postgres.url())
        for _ in range(2):
            scene.start_drain()

        def switch_off() -> None:
            time.sleep(1)
            own_postgres.crash()
            time.sleep(3)
            own_postgres.start()

        with scene.engine() as engine, meanwhile(switch_off):
            told = asyncio.run(steady(engine, TURNS, A_SECOND))
        scene.settle()
        return scene.account(told)

    judge("PostgreSQL crashed and off for 3 s", play)


def test_all_of_it_at_once(
    stage: MakeStage, own_valkey: Valkey, own_postgres: Postgres, judge: Judge
) -> None:
    def play() -> Account:
        scene = stage(own_valkey.url, own_postgres.url())
        for _ in range(2):
            scene.start_drain(batch=50, claim_after_seconds=0.3)

        def strike() -> None:
            time.sleep(1)
            own_postgres.crash()
            own_valkey.freeze()
            time.sleep(0.7)
            own_valkey.thaw()
            scene.kill_drain(0)
            time.sleep(0.5)
            own_valkey.kill()
            time.sleep(0.5)
            own_valkey.start()
            own_postgres.start()
            scene.start_drain(batch=50, claim_after_seconds=0.3)

        with scene.engine() as engine, meanwhile(strike):
            told = asyncio.run(steady(engine, TURNS, A_SECOND))
        scene.settle()
        return scene.account(told)

    judge("all of it at once", play)


def test_a_full_disk_under_the_spool(
    stage: MakeStage, own_valkey: Valkey, postgres_url: str, judge: Judge
) -> None:
    held: list[int] = []

    def play() -> Account:
        scene = stage(own_valkey.url, postgres_url, spool_bytes=64 * 1024)
        with scene.engine() as engine:

            def kill() -> None:
                time.sleep(1)
                own_valkey.kill()
                time.sleep(2.5)
                held.append(_store(engine).spool.held)
                own_valkey.start()

            with meanwhile(kill):
                told = asyncio.run(steady(engine, TURNS, A_SECOND))
            asyncio.run(_until_made_up(engine))
        scene.settle()
        return scene.account(told)

    judge("spool full, the rest in memory", play)
    assert max(held) > 0


def _store(engine: Any) -> Any:
    return engine._background._store


async def _until_made_up(engine: Any) -> None:
    store = _store(engine)
    async with asyncio.timeout(60):
        while store.spool.held or store.link.open_buckets:  # noqa: ASYNC110 - it lives on another loop
            await asyncio.sleep(0.05)


def test_a_full_outbox(
    stage: MakeStage, own_valkey: Valkey, postgres_url: str, judge: Judge
) -> None:
    def play() -> Account:
        scene = stage(own_valkey.url, postgres_url, most_events=4 * 64)
        with scene.engine() as engine:
            told = asyncio.run(steady(engine, TURNS, A_SECOND))
            scene.start_drain()
            told += asyncio.run(steady(engine, TURNS // 3, A_SECOND, prefix="v"))
        scene.settle()
        return scene.account(told)

    judge("outbox full, drain comes late", play)


def test_clocks_apart(
    stage: MakeStage, own_valkey: Valkey, postgres_url: str, judge: Judge
) -> None:
    def play() -> Account:
        scene = stage(own_valkey.url, postgres_url)
        scene.start_drain()

        def ahead() -> datetime:
            return datetime.now(UTC) + timedelta(hours=1)

        def behind() -> datetime:
            return datetime.now(UTC) - timedelta(hours=1)

        async def both(first: Any, second: Any) -> list[Told]:
            halves = await asyncio.gather(
                steady(first, TURNS // 2, A_SECOND / 2), steady(second, TURNS // 2, A_SECOND / 2)
            )
            return [*halves[0], *halves[1]]

        with scene.engine(clock=ahead) as one, scene.engine(clock=behind) as other:
            told = asyncio.run(both(one, other))
        scene.settle()
        return scene.account(told)

    judge("two clocks, two hours apart", play)


def test_poison(stage: MakeStage, own_valkey: Valkey, postgres_url: str, judge: Judge) -> None:
    def play() -> Account:
        scene = stage(own_valkey.url, postgres_url)
        for _ in range(2):
            scene.start_drain(batch=100, claim_after_seconds=0.2)

        def poison() -> None:
            with Redis.from_url(own_valkey.url) as client:
                for number in range(20):
                    time.sleep(0.1)
                    row = {"turn_id": str(UUID(int=number)), "id": "no id"}
                    client.xadd(outbox_of(number), {"turn": json.dumps(row)})
                    client.xadd(outbox_of(number), {"turn": b"\xff{"})

        with scene.engine() as engine, meanwhile(poison):
            told = asyncio.run(steady(engine, TURNS, A_SECOND))
        scene.settle()
        return scene.account(told)

    account = judge("40 poison events", play)
    assert account.dead in {40, 80, 120}


@pytest.mark.parametrize("fault", ["frozen", "killed"])
def test_a_master_of_a_cluster_away(
    stage: MakeStage, own_cluster: ValkeyCluster, postgres_url: str, judge: Judge, fault: str
) -> None:
    def play() -> Account:
        scene = stage(own_cluster.url, postgres_url)
        scene.start_drain()
        victim = own_cluster.nodes[1]

        def strike() -> None:
            time.sleep(1.5)
            if fault == "frozen":
                victim.freeze()
                time.sleep(2)
                victim.thaw()
            else:
                victim.kill()
                time.sleep(2)
                victim.start()

        with scene.engine() as engine:
            with meanwhile(strike):
                told = asyncio.run(steady(engine, TURNS, A_SECOND))
            asyncio.run(_until_made_up(engine))
        scene.settle()
        return scene.account(told)

    judge(f"one of three masters {fault}", play)


@pytest.mark.parametrize("fault", ["frozen", "killed"])
def test_one_user_at_once_while_redis_fails(
    stage: MakeStage, own_valkey: Valkey, postgres_url: str, judge: Judge, fault: str
) -> None:
    def play() -> Account:
        scene = stage(own_valkey.url, postgres_url)
        user = f"ada{time.monotonic_ns()}"

        async def crowd(engine: Any, user: str) -> list[Told]:
            turns = (one_turn(engine, QUESTIONS[0], user, "s1") for _ in range(60))
            return list(await asyncio.gather(*turns))

        def strike() -> None:
            time.sleep(0.02)
            if fault == "frozen":
                own_valkey.freeze()
                time.sleep(1)
                own_valkey.thaw()
            else:
                own_valkey.kill()
                time.sleep(0.5)
                own_valkey.start()

        with scene.engine() as engine:
            # Sixty turns that begin at once wait for one another's work, whatever Redis does.
            usual = asyncio.run(crowd(engine, f"eve{user}"))
            with meanwhile(strike):
                told = asyncio.run(crowd(engine, user))
            asyncio.run(_until_made_up(engine))
            told += asyncio.run(crowd(engine, user))
        scene.settle()
        for of_one_user in (usual, told):
            assert sum(one.addition is not None for one in of_one_user) <= 1
        return scene.account(told, usual=usual)

    judge(f"one user, 60 at once, {fault}", play)
