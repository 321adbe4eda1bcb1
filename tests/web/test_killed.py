"""A server that dies at once: what it answered is kept, and telling it again costs nothing."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from tests.payments import deliveries as d
from tests.web.stage import NEED, Site

DELIVERIES = 80


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[Site]:
    running = Site(tmp_path / "tay").start()
    yield running
    running.stop()


@pytest.mark.scale
def test_what_a_killed_server_has_answered_becomes_one_sale_each(mortal: Site) -> None:
    mortal.ask(NEED, "ada")
    created = int(datetime.now(UTC).timestamp()) + 1
    payloads = [
        d.session(f"k{n}", id=f"cs_{n}", payment_intent=f"pi_{n}", client_reference_id="ada")
        | {"created": created}
        for n in range(DELIVERIES)
    ]

    def deliver(number: int) -> bool:
        if number == DELIVERIES // 2:
            mortal.kill()
        try:
            return mortal.deliver(payloads[number]).status_code == 200
        except httpx.TransportError:
            return False

    with ThreadPoolExecutor(8) as pool:
        answered = sum(pool.map(deliver, range(DELIVERIES)))
    assert 0 < answered < DELIVERIES
    mortal.start()
    token = mortal.token("read")

    def sales() -> tuple[int, str | None]:
        mortal.settled()
        (row,) = mortal.get("/api/v1/admin/purchases/stats", token)["revenue"]
        return row["purchases"], row["net"]

    kept, _ = sales()
    assert answered <= kept <= DELIVERIES // 2 + 8
    assert all(mortal.deliver(payload).status_code == 200 for payload in payloads)
    assert sales() == (DELIVERIES, f"{49 * DELIVERIES}.00")
