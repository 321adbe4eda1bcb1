"""The command as a person calls it; long evaluations are handed in as finished runs."""

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tay_middleware.cli.main import app
from tay_middleware.errors import ConfigurationError, InputError
from tay_middleware.evals.compare import compare
from tay_middleware.evals.labels import read_ours, read_slices, read_theirs
from tay_middleware.evals.offline import CHECKOUT, evaluate_ours, hold_against
from tay_middleware.evals.report import html, markdown
from tay_middleware.evals.run import Figure, read_run, write_run
from tay_middleware.evals.suite import SAMPLE, evaluate, sample
from tay_middleware.evals.tiers import Tier
from tay_middleware.playbook import Playbook

from .builders import Script, a_file, a_line, a_run

GOOD = a_line("Can you review my pricing and tell me what's wrong?", "mentorship", "good")
MISSED = a_line("nine gone since tuesday, hm", "mentorship", "missed")
QUIET = a_line("what glue for oily skin", None, "quiet")
GATES = "gates: {{g: {{tier: a, figure: labelled.f1, floor: {floor}}}}}"


def tay(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["eval", *(str(one) for one in arguments)])


def test_anybodys_questions_and_conversations_give_named_figures(tmp_path: Path) -> None:
    one = a_file(tmp_path, GOOD, MISSED, QUIET, name="one.jsonl")
    other = a_file(tmp_path, {**QUIET, "id": "other"}, name="other.jsonl")
    talk = {
        "id": "c",
        "tier": "free",
        "sessions": [
            {
                "days_ago": 0,
                "turns": [
                    {
                        "question": GOOD["question"],
                        "reply": "Start with what each unit costs you, and then add your time.",
                        "expected": {
                            "detected": True,
                            "offer": "mentorship",
                            "shown": True,
                            "suppressed": None,
                            "strength": "gentle",
                            "topic": "pricing",
                        },
                    }
                ],
            }
        ],
    }
    talks = a_file(tmp_path, talk, name="talks.jsonl")
    out = tmp_path / "out.json"
    told = tay("--questions", one, other, "--conversations", talks, "--json", out)
    assert told.exit_code == 0, told.output
    found = json.loads(out.read_text())
    assert (found["n"], found["positives"], found["precision"], found["recall"]) == (4, 2, 1, 0.5)
    assert found["f1"] == pytest.approx(2 / 3)
    assert 0 <= found["f1_low"] <= found["f1"] <= found["f1_high"] <= 1
    assert found["offer_accuracy"] == 1
    assert found["rate"] == 0.25
    assert found["conversation_turn_accuracy"] == 1
    assert found["conversation_event_accuracy"] == 1
    assert found["conversation_false_mentions"] == 0
    assert set(found["tiers"]) >= {"keywords"}
    assert not {"\x1b", "│", "┃", "─"} & set(told.output)


@pytest.mark.parametrize("tier", ["playbook", "labels"])
def test_a_tier_that_judges_no_questions_has_no_threshold(tier: str) -> None:
    told = tay("thresholds", "--tier", tier)
    assert isinstance(told.exception, InputError)
    assert f"the tier {tier} judges no questions" in str(told.exception)


@pytest.mark.parametrize("kind", ["--questions", "--conversations"])
def test_a_file_that_cannot_be_read_fails(tmp_path: Path, kind: str) -> None:
    told = tay("run", kind, tmp_path / "none.jsonl")
    assert told.exit_code == 1
    assert "none.jsonl" in str(told.exception)


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    paths = [a_file(tmp_path, QUIET), a_file(tmp_path / "a", QUIET)]
    with pytest.raises(ConfigurationError, match="questions_t"):
        read_theirs(paths, [])


def test_files_that_number_their_rows_alike_are_counted_apart(
    tmp_path: Path, playbook: Playbook
) -> None:
    yes = {"id": 1, "question": "yes course", "escalate": True, "offer": "course"}
    no = {"id": 1, "question": "no", "escalate": False}
    paths = [a_file(tmp_path, yes, name="a.jsonl"), a_file(tmp_path, no, name="b.jsonl")]
    run = evaluate(read_theirs(paths, []), [Tier("script", Script(), Script())], playbook)
    figures = run.tiers["script"].figures
    assert figures["labelled.n"].value == 2
    assert figures["labelled.pairs_right"].n == 0, "1 of one file and 1 of another are no pair"
    assert len({row.family for row in run.rows}) == 2
    assert compare(run, run, "script", "script").rows == 2


@pytest.mark.parametrize("kind", ["--questions", "--conversations"])
def test_a_misspelt_offer_is_an_error_of_the_label_and_not_of_the_detector(
    tmp_path: Path, kind: str
) -> None:
    expected = {"detected": True, "shown": True, "offer": "cuorse"}
    turns = [{"question": "q", "reply": "r", "expected": expected}]
    told = tay(
        "run",
        kind,
        a_file(
            tmp_path,
            {
                **a_line("q", "cuorse"),
                "sessions": [{"days_ago": 0, "turns": turns}],
            },
        ),
    )
    assert isinstance(told.exception, ConfigurationError)
    assert "there is no 'cuorse', but " in str(told.exception)
    assert "questions_t.jsonl:1: " in str(told.exception)


def a_finished_run(directory: Path, f1: float) -> Path:
    path = directory / "run.json"
    figures = {"labelled.f1": Figure(value=f1, n=40, low=f1 - 0.1, high=f1)}
    labels = [at % 3 == 0 for at in range(40)]
    said = ["mentorship" if label else None for label in labels]
    write_run(path, a_run({"a": said}, labels, figures=figures))
    return path


@pytest.mark.parametrize(("floor", "code"), [(0.8, 0), (0.99, 1)])
def test_a_gate_that_is_broken_on_purpose_makes_the_exit_code_one(
    tmp_path: Path, floor: float, code: int
) -> None:
    gates = tmp_path / "gates.yaml"
    gates.write_text(GATES.format(floor=floor))
    told = tay("gate", "--run", a_finished_run(tmp_path, 0.9), "--gates", gates, "--tier", "a")
    assert ("BROKEN" in told.output) == bool(code)
    lines = told.output
    assert f"{1 - code} of 1 gates hold" in lines
    assert "own gates: not compared with a baseline" in lines
    assert "no baseline yet" not in lines
    held = hold_against(read_run(tmp_path / "run.json"), [], None, ())
    assert held.holds
    assert told.exit_code == code, lines


def test_compare_lists_the_flipped_rows(tmp_path: Path) -> None:
    for name, said in (("a", None), ("b", "course")):
        write_run(tmp_path / f"{name}.json", a_run({"t": [said, None]}, [True, False]))
    told = tay("compare", tmp_path / "a.json", tmp_path / "b.json")
    assert told.exit_code == 0, told.output
    assert re.search(r"q/r0 +escalates +none +course", told.output)
    assert "McNemar p = 1" in told.output


def test_a_report_is_one_file_that_loads_nothing(tmp_path: Path) -> None:
    run = read_run(a_finished_run(tmp_path, 0.9))
    page = html(run, hold_against(run, [], None, ()).verdicts)
    assert page == html(run)
    assert page.count("<svg") == 4
    assert "precision and recall" in page
    assert "reliability" in page
    assert not re.search(r"<script|<link|<img|@import|url\((?!#)", page)
    assert not re.findall(r'(?:src|href)="(?!#)[^"]*"', page)
    assert "not collected from customers" in page
    assert "not collected from customers" in markdown(run)
    told = tay("report", tmp_path / "run.json", "--html", tmp_path / "r.html")
    assert told.exit_code == 0
    assert (tmp_path / "r.html").read_text() == page


@pytest.mark.parametrize("label", [True, False])
def test_rows_of_one_label_alone_are_plotted_without_a_warning(*, label: bool) -> None:
    page = html(a_run({"a": ["course", None]}, [label, label]))
    assert page.count("<svg") == 4


def test_text_of_rows_cannot_become_markup(tmp_path: Path) -> None:
    run = a_run({"a": ["<b>x</b>", None]}, [True, False])
    assert "<b>x</b>" not in html(run)


def test_a_run_is_read_as_it_was_written(tmp_path: Path) -> None:
    run = a_run({"a": ["course", None]}, [True, False])
    write_run(tmp_path / "r.json", run)
    assert read_run(tmp_path / "r.json") == run
    (tmp_path / "r.json").write_text("{}")
    with pytest.raises(ConfigurationError, match="no run"):
        read_run(tmp_path / "r.json")


# ── our own labels ────────────────────────────────────────────────────────────────────────────


def test_every_figure_that_a_gate_names_is_made(playbook: Playbook) -> None:
    """On a script instead of a detector: fast, and no figure may go missing unseen."""
    from tay_middleware.evals.gates import read_gates  # noqa: PLC0415 - only here
    from tay_middleware.evals.offline import GATES as OURS  # noqa: PLC0415 - only here

    labels = read_ours(CHECKOUT)
    run = evaluate(labels, [Tier("script", Script(), Script())], playbook)
    made = {name for tier in run.tiers.values() for name in tier.figures}
    asked = {gate.figure for gate in read_gates(OURS)}
    assert {name for name in asked - made if not name.startswith("conversations")} == set()
    assert len(run.rows) == len(run.tiers["script"].said)
    recall = run.tiers["script"].figures["labelled.recall"].value
    assert recall is not None
    assert recall < 0.01


@pytest.mark.parametrize("wanted", ["playbook", "labels"])
def test_one_tier_alone_is_evaluated_as_it_is_among_others(playbook: Playbook, wanted: str) -> None:
    run = evaluate_ours(playbook, [wanted], lambda _: None)
    assert set(run.tiers) == {wanted, "playbook"}
    assert run.tiers["playbook"].figures["conduct.mutations_alive"].value == 0


def test_the_sample_for_changes_of_wording_is_balanced_and_bounded() -> None:
    labels = read_ours(CHECKOUT)
    rows = sample(labels)
    assert len(rows) == sum(SAMPLE.values())
    assert sum(row.escalate for row in rows) == 110 + 105
    assert len({row.id for row in rows}) == len(rows)


def test_slices_bring_the_words_of_several_authors_together() -> None:
    labels = read_ours(CHECKOUT)
    traffic = labels.files["traffic"]
    teens = [row for row in traffic if "minor" in labels.slices.of(row)]
    assert teens
    assert all("teen" in row.slices for row in teens)
    forbidden = [
        row for rows in labels.files.values() for row in rows if labels.slices.is_forbidden(row)
    ]
    assert not any(row.escalate or "control" in row.slices for row in forbidden)
    assert len(forbidden) > 600


def test_a_forbidden_slice_without_a_name_is_refused(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text("slices: {a: [b]}\nforbidden: [c]\n")
    with pytest.raises(ConfigurationError, match="'c'"):
        read_slices(tmp_path / "s.yaml")


def test_our_second_labels_agree_with_the_first() -> None:
    told = tay(
        "agreement", CHECKOUT / "second_labels" / "sample.jsonl", "--labels", CHECKOUT / "data"
    )
    assert told.exit_code == 0, told.output
    found = re.search(r"Cohen's kappa\s+(0\.\d+)", told.output)
    assert found is not None
    assert float(found[1]) > 0.8, "above 0.8 labels are called reliable (Krippendorff 2004)"
