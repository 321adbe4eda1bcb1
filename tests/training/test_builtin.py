import base64
import json
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from tay_middleware.cli.main import app
from tay_middleware.decide import Detector
from tay_middleware.decide.features import Features, features, spoken
from tay_middleware.decide.model import model_of, read_model
from tay_middleware.domain import Message
from tay_middleware.errors import ConfigurationError
from tay_middleware.evals.out_of_fold import read_out_of_fold
from tay_middleware.playbook import Playbook
from tay_middleware.training import builtin
from tay_middleware.training.run import lesson_of, train_builtin
from tests.training.examples import WORDS, a_label_file, an_example, some_examples

SPACE = builtin.Space(list(WORDS), np.eye(len(WORDS)))
RECIPE = builtin.Recipe(most_terms=200, least_examples=4, epochs=60, weight_decay=0.0)


def seen(playbook: Playbook) -> list[Features]:
    detector = Detector(playbook)
    examined = [detector.examine(e.question) for e in some_examples()]
    return [features(spoken(one.literal), one.detection) for one in examined]


def test_the_file_says_what_scikit_learn_says(playbook: Playbook) -> None:
    rows = seen(playbook)
    fitted = builtin.fit(some_examples(), rows, SPACE, RECIPE)
    content = builtin.exported(fitted, dict.fromkeys(fitted.outputs, (1.0, 0.0)), {})
    model = model_of(json.loads(json.dumps(content)))
    theirs = fitted.scores(rows)
    for at, row in enumerate(rows):
        for name, ours in zip(model.outputs, model.scores(row), strict=True):
            assert ours == pytest.approx(theirs[name][at], abs=1e-12)


def test_the_same_rows_give_the_same_file(playbook: Playbook) -> None:
    rows = seen(playbook)

    def once() -> str:
        fitted = builtin.fit(some_examples(), rows, SPACE, RECIPE)
        return json.dumps(builtin.exported(fitted, dict.fromkeys(fitted.outputs, (1.0, 0.0)), {}))

    assert once() == once()


def test_a_word_that_no_row_holds_has_a_weight_from_where_it_lies(playbook: Playbook) -> None:
    near = builtin.Space([*WORDS, "prices"], np.vstack([np.eye(len(WORDS)), np.eye(len(WORDS))[0]]))
    fitted = builtin.fit(some_examples(), seen(playbook), near, RECIPE)
    content = builtin.exported(fitted, dict.fromkeys(fitted.outputs, (1.0, 0.0)), {})
    nothing = base64.b64encode(zlib.compress(b"")).decode()
    hidden = {**content["hidden"], "terms": nothing}
    model = model_of({**content, "terms": [], "scales": [], "hidden": hidden})
    place = model.outputs.index("escalate")
    known, unseen, other = (
        model.scores(Features([word], [word]))[place] for word in ("pricing", "prices", "glue")
    )
    assert unseen == pytest.approx(known)
    assert unseen > other


def test_of_many_terms_those_are_kept_that_move_most(playbook: Playbook) -> None:
    rows = seen(playbook)
    few = builtin.Recipe(most_terms=12, least_examples=4, epochs=60)
    fitted = builtin.fit(some_examples(), rows, SPACE, few)
    names = fitted.terms.get_feature_names_out()
    assert len(names) == 12
    learned = {term for row in rows for term in row.terms}
    assert set(names) < learned
    assert {"tyre", "crying"} & set(names)  # what labels hang on
    assert min(sum(name in row.terms for row in rows) for name in names) > 1


def test_a_row_of_one_gate_speaks_against_those_that_it_does_not_name(playbook: Playbook) -> None:
    """Only rows of distress and of complaints; neither says anything of the other gate."""
    made = [
        replace(one, gates={"complaint" if at % 2 else "distress": True}, question=asked)
        for at, one in enumerate(e for e in some_examples(24) if e.gates["distress"])
        for asked in ("my refund is late again" if at % 2 else "i cannot stop crying",)
    ]
    examples = [*some_examples(24), *(replace(one, id=f"{one.id}x") for one in made)]
    detector = Detector(playbook)
    examined = [detector.examine(e.question) for e in examples]
    rows = [features(spoken(one.literal), one.detection) for one in examined]
    fitted = builtin.fit(examples, rows, SPACE, replace(RECIPE, unsaid_weight=1.0))
    late = [at for at, e in enumerate(examples) if "refund" in e.question]
    said = fitted.scores(rows)
    assert max(said["gate.distress"][late]) < 0 < min(said["gate.complaint"][late])


def test_what_may_have_been_forbidden_by_words_before_it_teaches_its_gate_less(
    playbook: Playbook,
) -> None:
    """One question, asked twelve times and held back twenty-four times, after a history or not."""
    asked = an_example(500, "my salon glue is stuck", offer="course")
    held = replace(asked, escalate=False, offer=None, gates=dict(asked.gates, distress=True))
    asking = [replace(asked, id=f"asked {at}") for at in range(12)]
    before = (Message("user", "my mum died on sunday"),)
    examined = Detector(playbook).examine(asked.question)
    rows = [*seen(playbook), *[features(spoken(examined.literal), examined.detection)] * 36]

    def said(history: tuple[Message, ...], weight: float) -> float:
        holding = [replace(held, id=f"held {at}", history=history) for at in range(24)]
        recipe = replace(RECIPE, epochs=30, history_weight=weight)
        fitted = builtin.fit([*some_examples(), *asking, *holding], rows, SPACE, recipe)
        return float(fitted.scores(rows)["gate.distress"][-1])

    assert said(before, 0.2) < 0 < said((), 0.2)
    assert said(before, 1.0) == said((), 0.2)


def test_too_few_rows_for_an_opinion_are_refused_with_what_they_lack() -> None:
    rows = [e for e in some_examples() if e.escalate and e.offer == "mentorship"]
    words = [Features(["pricing"], ["pricing"]) for _ in rows]
    with pytest.raises(ConfigurationError, match="too little to learn escalate, on_topic, offer"):
        builtin.fit(rows, words, SPACE, RECIPE)


def test_a_place_that_is_a_file_is_refused_before_anything_is_learned(tmp_path: Path) -> None:
    labels = a_label_file(tmp_path / "labels.jsonl", some_examples())
    for options in (["--out", labels], ["--out", tmp_path, "--model", labels / "model.json"]):
        told = CliRunner().invoke(app, ["train", str(labels), *map(str, options)])
        assert isinstance(told.exception, ConfigurationError)
        assert "no directory can be here" in str(told.exception)


def test_a_run_writes_a_model_and_opinions_of_scorers_that_saw_no_row_of_the_author(
    playbook: Playbook, tmp_path: Path
) -> None:
    labels = a_label_file(tmp_path / "labels.jsonl", some_examples())
    lesson = lesson_of([labels], least_positives=10)
    assert [fold.held_out for fold in lesson.folds] == [("a",), ("b",), ("c",)]
    told: list[str] = []
    card = train_builtin(
        lesson,
        playbook,
        RECIPE,
        space=SPACE,
        model_file=tmp_path / "model.json",
        out_of_fold_file=tmp_path / "opinions.jsonl",
        progress=lambda name, share: told.append(name),
    )
    assert card["all"]["n"] == len(some_examples())
    assert card["all"]["f1"] > 0.9
    assert list(dict.fromkeys(told)) == [
        "without a",
        "without b",
        "without c",
        "with all authors",
        "done",
    ]
    opinions = read_out_of_fold(tmp_path / "opinions.jsonl", [labels]).opinions
    assert opinions.keys() == {e.id for e in some_examples()}
    assert "escalate" in read_model(tmp_path / "model.json").outputs
