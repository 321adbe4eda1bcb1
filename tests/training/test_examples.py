from pathlib import Path

import pytest

from tay_middleware.errors import ConfigurationError
from tay_middleware.training.examples import GATES, examples_of
from tests.training.examples import a_label_file, an_example

ROWS = [
    an_example(1, escalate=False, gate="distress"),
    an_example(2, escalate=False),
    an_example(3),
    an_example(1, author="silent", escalate=False),
    an_example(1, author="away", escalate=False, on_topic=False),
    an_example(4, escalate=False, on_topic=False),
]


def test_a_row_teaches_only_the_gates_that_its_labels_speak_of(tmp_path: Path) -> None:
    examples = examples_of([a_label_file(tmp_path / "l.jsonl", ROWS)])
    upset, plain, needs, silent, away, unmarked = examples
    assert upset.gates == {"distress": True, "injection": False, "conduct": True}
    assert plain.gates == dict.fromkeys(GATES, False)
    assert needs.gates == dict.fromkeys(GATES, False)
    assert silent.gates == {}
    assert unmarked.gates == {}, "nobody marks griefs off the topic"
    assert (away.on_topic, plain.on_topic) == (False, True)


def test_two_rows_of_one_id_are_refused_whatever_files_they_stand_in(tmp_path: Path) -> None:
    one = a_label_file(tmp_path / "one.jsonl", [an_example(1), an_example(2)])
    other = a_label_file(tmp_path / "other.jsonl", [an_example(2, "which glue", escalate=False)])
    with pytest.raises(
        ConfigurationError, match=r"other\.jsonl: the id 'a2' stands in .*one\.jsonl"
    ):
        examples_of([one, other])
