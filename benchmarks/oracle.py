"""What the cascade reaches with a perfect model behind it, asked only where it is unsure.

Opinions of the scorers are the committed out-of-fold ones; the model is the loopback server of the
tests, which speaks the OpenAI protocol and answers what the labels say; asked through the real
classifier. Prints precision, recall and F1 on all labelled rows without and with it, and how many
are asked for per 1,000 of the traffic-shaped file: `python -m benchmarks.oracle`.
"""

import asyncio
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tay_middleware.decide.cascade import Cascade
from tay_middleware.decide.classify import Classifier
from tay_middleware.decide.model import read_model
from tay_middleware.domain import Stage
from tay_middleware.evals.judges import Judge, Judged, StatelessPolicy
from tay_middleware.evals.labels import TRAFFIC, Labels, read_ours
from tay_middleware.evals.offline import CHECKOUT
from tay_middleware.evals.rows import Row
from tay_middleware.evals.tiers import ENCODER, offline_tiers
from tay_middleware.playbook import Playbook, load_playbook
from tay_middleware.settings import Settings, load_settings
from tests.decide.llm_server import llm_server

AT_ONCE = 16


@dataclass(frozen=True)
class Said:
    """A labelled row, and what is said of it without and with the model."""

    file: str
    row: Row
    offline: Judged
    asked: Judged


def labelled_file(labels: Labels, path: Path) -> Path:
    """The labels as the oracle reads them."""
    lines = (
        {
            "question": row.question,
            "history": [{"role": one.role, "content": one.content} for one in row.history],
            "offer": row.offer,
            "reason": row.reason,
        }
        for rows in labels.learned.values()
        for row in rows
    )
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
    return path


async def ask_all(
    labels: Labels, judge: Judge, playbook: Playbook, settings: Settings
) -> list[Said]:
    """Every row judged offline, and those that are unsure by the model as well."""
    classifier = Classifier.from_settings(settings, playbook)
    cascade = Cascade(playbook, model=read_model(), classifier=classifier)
    policy, slots = StatelessPolicy(playbook), asyncio.Semaphore(AT_ONCE)

    async def one(file: str, row: Row, offline: Judged) -> Said:
        if not offline.unsure or offline.detection is None:
            return Said(file, row, offline, offline)
        async with slots:
            told = await cascade.opined(offline.detection, row.question, row.history)
        asked = policy.judged(row, told, cascade.earlier_gates(row.history), unsure=True)
        return Said(file, row, offline, asked)

    rows = [(file, row) for file, rows in labels.learned.items() for row in rows]
    judged = judge.judge([row for _, row in rows])
    said = await asyncio.gather(
        *(one(file, row, offline) for (file, row), offline in zip(rows, judged, strict=True))
    )
    await cascade.aclose()
    return list(said)


def figures(pairs: list[tuple[bool, bool]]) -> str:
    """Precision, recall and F1 of (mentioned, labelled) pairs."""
    right = sum(mentioned and labelled for mentioned, labelled in pairs)
    mentions, needs = (sum(pair[at] for pair in pairs) for at in (0, 1))
    return (
        f"precision {right / max(1, mentions):.3f}  recall {right / max(1, needs):.3f}  "
        f"F1 {2 * right / max(1, mentions + needs):.3f}"
    )


def report(said: list[Said]) -> None:
    """Print it."""
    traffic = [one for one in said if one.file == TRAFFIC]
    asked = sum(one.offline.unsure for one in traffic)
    for name, attribute in (("without a model", "offline"), ("with an oracle", "asked")):
        pairs = [(getattr(one, attribute).mentions, one.row.escalate) for one in said]
        print(f"{name:<18} {figures(pairs)}  ({len(pairs)} rows)")
    unanswered = sum(one.offline.unsure and not _is_answered(one.asked) for one in said)
    rows = sum(one.offline.unsure for one in said)
    print(
        f"asked for {rows} rows, {unanswered} without an answer; "
        f"{1000 * asked / len(traffic):.0f} per 1,000 of the traffic-shaped file"
    )


def _is_answered(judged: Judged) -> bool:
    return judged.detection is not None and judged.detection.stage is Stage.LLM


def main() -> None:
    playbook, labels = load_playbook(), read_ours(CHECKOUT)
    (tier,) = (tier for tier in offline_tiers(playbook, labels, CHECKOUT) if tier.name == ENCODER)
    assert tier.rows is not None
    with tempfile.TemporaryDirectory() as home:
        oracle = labelled_file(labels, Path(home) / "oracle.jsonl")
        with llm_server(oracle) as server:
            settings = load_settings(
                home=Path(home),
                classifier_model="oracle",
                classifier_base_url=server.url,
                classifier_api_key="none",
                classifier_max_concurrency=AT_ONCE,
                classifier_deadline_seconds=30.0,
                classifier_try_seconds=30.0,
            )
            report(asyncio.run(ask_all(labels, tier.rows, playbook, settings)))


if __name__ == "__main__":
    main()
