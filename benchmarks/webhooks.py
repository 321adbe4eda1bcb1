"""How many signed deliveries one `tay serve` takes in, beside a bare FastAPI endpoint in one run.

Both are a process of their own under uvicorn; the load comes over kept connections. A delivery is
verified, parsed and in the inbox on disk before it is answered. Run it as
`python -m benchmarks.webhooks`.
"""

import asyncio
import hashlib
import hmac
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from tests.servers import free_port, wait_until

SECRET = "whsec_of_the_bench_alone"  # noqa: S105 - of the bench
CONNECTIONS, REQUESTS, ROUNDS = 64, 4_000, 3

BARE = """
import sys, uvicorn
from fastapi import FastAPI, Request

app = FastAPI()

@app.post("/webhooks/payment")
async def bare(request: Request):
    await request.body()
    return {"status": "stored"}

@app.get("/healthz")
async def alive():
    return {}

uvicorn.run(app, port=int(sys.argv[1]), log_level="warning", access_log=False)
"""


def request_of(number: int) -> bytes:
    """A delivery of Stripe, of a usual size, signed now."""
    session = {
        "id": f"cs_{number}",
        "mode": "payment",
        "payment_status": "paid",
        "payment_intent": f"pi_{number}",
        "amount_total": 4900,
        "currency": "usd",
        "metadata": {"filling": "x" * 1500},
    }
    event = {
        "id": f"evt_{os.getpid()}_{number}",
        "type": "checkout.session.completed",
        "created": int(time.time()),
        "livemode": True,
        "data": {"object": session},
    }
    body, stamp = json.dumps(event).encode(), int(time.time())
    digest = hmac.new(SECRET.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    head = (
        "POST /webhooks/payment HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\n"
        f"stripe-signature: t={stamp},v1={digest}\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def connection(port: int, requests: list[bytes]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while requests:
        writer.write(requests.pop())
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head
        length = next(line for line in head.lower().split(b"\r\n") if b"content-length" in line)
        await reader.readexactly(int(length.split(b":")[1]))
    writer.close()
    await writer.wait_closed()


async def rate(port: int, first: int) -> float:
    """Requests a second."""
    requests = [request_of(first + number) for number in range(REQUESTS)]
    begun = time.perf_counter()
    await asyncio.gather(*(connection(port, requests) for _ in range(CONNECTIONS)))
    return REQUESTS / (time.perf_counter() - begun)


def answers(port: int) -> bool:
    try:
        asyncio.run(_ask(port))
    except OSError:
        return False
    return True


async def _ask(port: int) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.close()


def measure(home: Path) -> tuple[list[float], list[float]]:
    """Rates of the bare endpoint and of ours, round by round."""
    ports = free_port(), free_port()
    environment = {
        **os.environ,
        "TAY_HOME": str(home),
        "TAY_WEBHOOK_SECRETS": json.dumps({"stripe": SECRET}),
    }
    tay = Path(sys.executable).with_name("tay")
    commands = (
        [sys.executable, "-c", BARE, str(ports[0])],
        [str(tay), "serve", "--port", str(ports[1]), "--no-worker"],
    )
    servers = [
        subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
        for command in commands
    ]
    try:
        for port in ports:
            ready = partial(answers, port)
            wait_until(ready, "the server does not start", 60)
        found: tuple[list[float], list[float]] = ([], [])
        for number in range(ROUNDS):
            for side, port in enumerate(ports):
                found[side].append(asyncio.run(rate(port, number * REQUESTS)))
        return found
    finally:
        for server in servers:
            server.terminate()
            server.wait()


def main() -> None:
    with tempfile.TemporaryDirectory() as home:
        bare, ours = measure(Path(home))
    ratio = statistics.median(one / other for one, other in zip(ours, bare, strict=True))
    print(f"webhook intake, {CONNECTIONS} connections, median of {ROUNDS} rounds of {REQUESTS:,}:")
    print(f"  bare FastAPI endpoint   {statistics.median(bare):8,.0f} requests/s")
    print(f"  tay serve, SQLite       {statistics.median(ours):8,.0f} requests/s")
    print(f"  ratio                   {ratio:8.2f}")


if __name__ == "__main__":
    main()
