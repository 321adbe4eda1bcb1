"""Whatever a file holds, it can do no more than be refused."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tay_middleware.errors import PlaybookError, Problem
from tay_middleware.playbook import load_playbook, shipped
from tests.uncounted import at_scale

pytestmark = pytest.mark.scale

Spoil = Callable[[str, Callable[[str], str]], list[Problem]]

FILES = ("offers.yaml", "indicators.yaml", "gates.yaml", "topics.yaml", "policy.yaml", "voice.yaml")


@at_scale
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    name=st.sampled_from([*FILES, "templates/course.yaml", "classifier.md"]),
    content=st.one_of(
        st.binary(max_size=200),
        st.text(alphabet=":-[]{}#&*!|>'\"%@`\n\t abc012", max_size=200).map(str.encode),
    ),
)
def test_no_content_of_a_file_can_do_more_than_be_refused(
    tmp_path: Path, name: str, content: bytes
) -> None:
    copied = tmp_path / "fuzzed"
    if not copied.exists():
        shutil.copytree(shipped(), copied)
    path = copied / name
    before = path.read_bytes()
    path.write_bytes(content)
    try:
        load_playbook(copied)
    except PlaybookError as error:
        assert error.problems  # noqa: PT017 - any other exception fails the test by itself
    finally:
        path.write_bytes(before)


@at_scale
@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(name=st.sampled_from(FILES), data=st.data())
def test_no_damage_to_a_sound_file_can_do_more_than_be_refused(
    tmp_path: Path, name: str, data: st.DataObject
) -> None:
    copied = tmp_path / "damaged"
    if not copied.exists():
        shutil.copytree(shipped(), copied)
    path = copied / name
    before = path.read_bytes()
    at = data.draw(st.integers(0, len(before) - 1))
    inserted = data.draw(st.binary(max_size=4))
    path.write_bytes(before[:at] + inserted + before[at + data.draw(st.integers(0, 9)) :])
    try:
        load_playbook(copied)
    except PlaybookError as error:
        assert error.problems  # noqa: PT017 - any other exception fails the test by itself
    finally:
        path.write_bytes(before)
