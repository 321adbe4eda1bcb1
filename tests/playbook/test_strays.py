from pathlib import Path

import pytest

from tay_middleware.errors import PlaybookError
from tay_middleware.playbook import load_playbook


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("polcy.yaml", "polcy.yaml: nobody reads this file: did you mean 'policy.yaml'?"),
        ("qqq.yml", "qqq.yml: nobody reads this file: take it out"),
        ("templates/retreat.yml", "call it templates/retreat.yaml"),
        ("templates/old/course.yaml", "call it templates/course.yaml"),
    ],
)
def test_a_file_that_nobody_would_read_is_named(directory: Path, name: str, said: str) -> None:
    path = directory / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("nonsense: [")
    with pytest.raises(PlaybookError) as caught:
        load_playbook(directory)
    (problem,) = caught.value.problems
    assert said in str(problem)


@pytest.mark.parametrize(
    "name",
    [
        *("README.md", "notes.txt", "policy.yaml~", "policy.yaml.bak", "#policy.yaml#"),
        *(".policy.yaml", "templates/.hidden.yaml", "templates/README.md", ".git/config.yaml"),
    ],
)
def test_texts_backups_and_hidden_files_may_lie_there(directory: Path, name: str) -> None:
    path = directory / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("nonsense: [")
    assert load_playbook(directory).templates == load_playbook().templates


def test_a_wording_in_two_files_names_both(directory: Path) -> None:
    one = "offer: mentorship\nwordings: {gentle: {any: {A: 'There is $offer, if you like.'}}}\n"
    (directory / "templates/retreat.yaml").write_text(one)
    with pytest.raises(PlaybookError) as caught:
        load_playbook(directory)
    problem = caught.value.problems[0]
    assert (problem.file, problem.field) == ("templates/retreat.yaml", "wordings.gentle.any.A")
    assert problem.message == (
        "stands in templates/mentorship.yaml as well: keep one, or rename one"
    )
    assert problem.line is not None


def test_a_copy_of_a_file_is_told_once(directory: Path) -> None:
    text = (directory / "templates/course.yaml").read_text()
    (directory / "templates/course copy.yaml").write_text(text)
    with pytest.raises(PlaybookError) as caught:
        load_playbook(directory)
    (problem,) = caught.value.problems
    assert str(problem) == (
        "templates/course.yaml:3: wordings: 27 of its wordings stand in templates/course copy.yaml "
        "as well: take one file out"
    )


def test_two_files_may_share_an_offer(directory: Path) -> None:
    (directory / "templates/more.yaml").write_text(
        "offer: course\nwordings: {gentle: {any: {Z: 'There is $offer, whenever you like.'}}}\n"
    )
    assert "course.gentle.any.Z" in load_playbook(directory).by_id
