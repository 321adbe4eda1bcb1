from pathlib import Path

import pytest
from annotated_types import Le

from tay_middleware.playbook.evidence import Gate
from tay_middleware.storage import Outbox, TurnStore, open_store
from tay_middleware.storage.wire import PROFILE_SECONDS
from tests.storage.contract import Handles, TurnStoreContract
from tests.storage.records import opened


def handles_on(redis_url: str, database_url: str, home: Path) -> Handles:
    async def make() -> TurnStore:
        outbox = Outbox(redis_url, home / "spool.db", call_seconds=5)
        return await opened(open_store(database_url, history_turns=10, outbox=outbox))

    return make


def test_a_profile_outlives_every_gate_that_may_stay_closed() -> None:
    limits = Gate.model_fields["sticky_seconds"].metadata
    (most,) = [one.le for one in limits if isinstance(one, Le)]
    assert isinstance(most, int)
    assert most < PROFILE_SECONDS


class TestRedisStore(TurnStoreContract):
    @pytest.fixture
    def handles(self, redis_url: str, tmp_path: Path) -> Handles:
        return handles_on(redis_url, f"sqlite+aiosqlite:///{tmp_path / 'tay.db'}", tmp_path)


class TestRedisStoreBesidePostgres(TurnStoreContract):
    @pytest.fixture
    def handles(self, redis_url: str, postgres_url: str, tmp_path: Path) -> Handles:
        return handles_on(redis_url, postgres_url, tmp_path)


class TestRedisStoreOnACluster(TurnStoreContract):
    @pytest.fixture
    def handles(self, cluster_url: str, tmp_path: Path) -> Handles:
        return handles_on(cluster_url, f"sqlite+aiosqlite:///{tmp_path / 'tay.db'}", tmp_path)
