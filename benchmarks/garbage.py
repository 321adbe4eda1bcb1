"""How long a full collection of garbage stops a process: LangChain alone, with us, and frozen.

Python now and then looks at every container it knows, and meanwhile no stream goes on. Each figure
is the median of five processes of each kind, started in turns; in a process the median of five
collections. `python -m benchmarks.garbage`; it reports and never fails.
"""

import gc
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

ROUNDS = 5

KINDS = {
    "bare": "LangChain and OpenAI's client",
    "ours": "with an engine of ours",
    "frozen": "with an engine of ours, frozen",
}


def collection_ms() -> float:
    """Milliseconds of a full collection where there is nothing to collect."""
    took = []
    gc.collect()
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        gc.collect()
        took.append(1000 * (time.perf_counter() - begun))
    return median(took)


def look(kind: str) -> None:
    """Print what a process of that kind has: milliseconds, and objects that are looked at."""
    import langchain_openai  # noqa: F401, PLC0415 - what a bare app has in memory

    with tempfile.TemporaryDirectory() as home:
        close = _engine_in(Path(home)) if kind != "bare" else lambda: None
        if kind == "frozen":
            gc.collect()
            gc.freeze()
        print(collection_ms(), len(gc.get_objects()))
        close()


def _engine_in(home: Path) -> Callable[[], None]:
    """Make an engine, ready to answer; what closes it."""
    from tay_middleware import Escalator  # noqa: PLC0415 - a bare app has not imported us
    from tay_middleware.settings import load_settings  # noqa: PLC0415 - the same

    engine = Escalator.from_settings(load_settings(home=home, encoder="off"))
    engine.flush(5)
    return engine.close


def main() -> None:
    """Start processes of each kind in turns, and print their medians."""
    seen: dict[str, list[tuple[float, int]]] = {kind: [] for kind in KINDS}
    for _ in range(ROUNDS):
        for kind, found in seen.items():
            command = [sys.executable, "-W", "ignore", "-m", "benchmarks.garbage", kind]
            ms, objects = subprocess.run(
                command, check=True, capture_output=True, text=True
            ).stdout.split()
            found.append((float(ms), int(objects)))
    print(f"a full collection, median of {ROUNDS} processes:")
    for kind, found in seen.items():
        milliseconds, looked_at = (median(one[at] for one in found) for at in (0, 1))
        print(f"  {KINDS[kind]:<34} {milliseconds:7.2f} ms   {looked_at:>9,.0f} objects")


if __name__ == "__main__":
    look(sys.argv[1]) if len(sys.argv) > 1 else main()
