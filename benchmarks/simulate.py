"""How long a simulated month takes: 1,000 people for 30 days into an embedded database.

Run: python -m benchmarks.simulate
"""

import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from tay_middleware.simulate import Order, simulate

PROMISED_SECONDS = 60.0


def main() -> int:
    """Print the seconds beside what was promised."""
    with tempfile.TemporaryDirectory(prefix="tay-simulated-") as home:
        begun = time.perf_counter()
        made = simulate(Order(datetime(2026, 11, 23, tzinfo=UTC), home=Path(home)))
        seconds = time.perf_counter() - begun
    questions = made.counts.questions
    print(
        f"1,000 people, 30 days: {questions:,} questions, {made.counts.mentions:,} mentions, "
        f"{made.counts.purchases} purchases in {seconds:.1f} s "
        f"(promised: {PROMISED_SECONDS:.0f}), {questions / seconds:,.0f} questions/s"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
