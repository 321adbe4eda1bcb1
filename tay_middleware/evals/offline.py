"""The evaluation that `make eval` runs, and the one of anybody's files: which labels, which tiers.

Needs the extra `evals`, no key and no network.
"""

from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path

from tay_middleware.errors import ConfigurationError, InputError
from tay_middleware.evals.answers import Answer, answer
from tay_middleware.evals.baseline import Baseline
from tay_middleware.evals.compare import Comparison, compare
from tay_middleware.evals.gates import Gate, Verdict, hold, lowered
from tay_middleware.evals.labels import read_ours, read_theirs
from tay_middleware.evals.run import Run, TierRun
from tay_middleware.evals.suite import as_run, evaluate, evaluate_tier
from tay_middleware.evals.thresholds import Reach, reaches, with_threshold
from tay_middleware.evals.tiers import LABELS, PLAYBOOK, Tier, live_tiers, offline_tiers
from tay_middleware.playbook import Playbook

CHECKOUT = Path(__file__).resolve().parents[2] / "evals"
"""Labels, gates and baseline; they are in the repository and not in the wheel."""

GATES, BASELINE, RUNS = CHECKOUT / "gates.yaml", CHECKOUT / "baseline.json", CHECKOUT / "runs"

_NEEDED = ("numpy", "scipy", "sklearn", "matplotlib", "jinja2")

Step = Callable[[str], None]


def require_extra() -> None:
    """Say plainly what is not installed.

    Raises:
        ConfigurationError: the extra `evals` is missing.
    """
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        raise ConfigurationError(
            f"tay eval needs an extra ({', '.join(missing)} missing): "
            "pip install 'tay-middleware[evals]'"
        )


def evaluate_ours(playbook: Playbook, wanted: Collection[str], step: Step) -> Run:
    """Evaluate the tiers on the checkout's labels; `wanted` names some, none means all.

    The best tier takes as long as all the others: those are evaluated in a second process.
    """
    labels = read_ours(CHECKOUT)
    tiers = _wanted(offline_tiers(playbook, labels, CHECKOUT), wanted)
    if len(tiers) < 2:
        return evaluate(labels, tiers, playbook, step)
    *others, best = tiers
    names = [tier.name for tier in others]
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as beside:
        begun = beside.submit(_evaluated, playbook, names)
        last = evaluate_tier(best, labels, playbook, step)
        step(", ".join(names))
        told = {**begun.result(), best.name: last}
    return as_run(labels, told, playbook, step)


def _evaluated(playbook: Playbook, names: Collection[str]) -> dict[str, TierRun]:
    """Some tiers on the checkout's labels, in a process that reads them itself."""
    labels = read_ours(CHECKOUT)
    tiers = _wanted(offline_tiers(playbook, labels, CHECKOUT), names)
    return {tier.name: evaluate_tier(tier, labels, playbook, lambda _: None) for tier in tiers}


def evaluate_theirs(
    playbook: Playbook,
    questions: Sequence[Path],
    conversations: Sequence[Path],
    wanted: Collection[str],
    step: Step,
) -> Run:
    """Evaluate the live tiers on anybody's files."""
    labels = read_theirs(questions, conversations, playbook)
    return evaluate(labels, _wanted(live_tiers(playbook), wanted), playbook, step)


def out_of_fold_reaches(playbook: Playbook, tier: str) -> list[Reach]:
    """Up to which threshold of a tier each labelled question of the checkout gets a mention.

    Raises:
        InputError: there is no such tier, or it judges no questions.
    """
    if tier in {LABELS, PLAYBOOK}:
        raise InputError(f"the tier {tier} judges no questions")
    labels = read_ours(CHECKOUT)

    def at(*, lowest: bool) -> list[Answer]:
        rules = with_threshold(playbook, tier, lowest=lowest)
        (found,) = _wanted(offline_tiers(rules, labels, CHECKOUT), [tier])
        return [] if found.rows is None else answer(found.rows, labels.part("labelled"))

    return reaches(at(lowest=True), at(lowest=False))


@dataclass(frozen=True, slots=True)
class Held:
    """A run held against gates and baseline.

    `lowered` are gates that are easier than in the baseline; `changed` the label files for whose
    sake the baseline is void; `flips` the comparison with it, by tier.
    """

    verdicts: tuple[Verdict, ...]
    lowered: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    flips: tuple[Comparison, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether every gate holds and none has been lowered."""
        return all(verdict.holds for verdict in self.verdicts) and not self.lowered


def hold_against(
    run: Run, gates: Sequence[Gate], baseline: Baseline | None, wanted: Collection[str]
) -> Held:
    """Hold a run against the gates (of the wanted tiers, none means all) and the baseline."""
    chosen = [gate for gate in gates if not wanted or gate.tier in wanted]
    verdicts = tuple(hold(run, chosen))
    if baseline is None:
        return Held(verdicts)
    fell = tuple(lowered(gates, baseline.gates))
    changed = tuple(baseline.changed(run))
    if changed:
        return Held(verdicts, fell, changed)
    before = baseline.as_run(run)
    return Held(
        verdicts, fell, (), tuple(compare(before, run, name, name) for name in before.tiers)
    )


def _wanted(tiers: Sequence[Tier], wanted: Collection[str]) -> list[Tier]:
    known = [tier.name for tier in tiers]
    unknown = [name for name in wanted if name not in {*known, "playbook"}]
    if unknown:
        raise InputError(f"there is no tier {unknown[0]!r} here, but {', '.join(known)}")
    return [tier for tier in tiers if not wanted or tier.name in wanted]
