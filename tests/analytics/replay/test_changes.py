import shutil
from pathlib import Path

from tay_middleware.analytics.replay import Edit, edits
from tay_middleware.playbook import Playbook, load_playbook, shipped


def changed(place: Path, *replaced: tuple[str, str, str]) -> Playbook:
    shutil.copytree(shipped(), place)
    for name, before, after in replaced:
        text = (place / name).read_text()
        assert before in text
        (place / name).write_text(text.replace(before, after, 1))
    return load_playbook(place)


def test_the_same_playbook_has_no_edits(playbook: Playbook) -> None:
    assert edits(playbook, playbook) == ()


def test_a_comment_is_no_edit(playbook: Playbook, tmp_path: Path) -> None:
    new = changed(tmp_path / "p", ("policy.yaml", "# How rarely.", "# How seldom."))
    assert new.version != playbook.version
    assert edits(playbook, new) == ()


def test_every_entry_that_differs_is_named_with_both_values(
    playbook: Playbook, tmp_path: Path
) -> None:
    new = changed(
        tmp_path / "p",
        ("policy.yaml", "session_turns: 3", "session_turns: 5"),
        ("policy.yaml", "{hours: 24, most: 2}", "{hours: 24, most: 1}"),
        ("policy.yaml", "paused_offers: []", "paused_offers: [course]"),
        ("offers.yaml", "name: the mentorship", "name: the mentoring"),
        ("classifier.md", "e", "E"),
    )
    found = edits(playbook, new)
    assert found[:-1] == (
        Edit("offers.yaml", "mentorship.name", "the mentorship", "the mentoring"),
        Edit("policy.yaml", "cooldown.session_turns", "3", "5"),
        Edit("policy.yaml", "cooldown.caps.0.most", "2", "1"),
        Edit("policy.yaml", "paused_offers.course", None, "there"),
    )
    assert (found[-1].file, found[-1].entry) == ("classifier.md", "")


def test_a_wording_that_goes_and_one_that_comes_are_edits(
    playbook: Playbook, tmp_path: Path
) -> None:
    name = "templates/mentorship.yaml"
    text = (shipped() / name).read_text()
    first = next(line for line in text.splitlines() if line.strip().startswith("A:"))
    new = changed(tmp_path / "p", (name, first, first.replace("A:", "Z:", 1)))
    ways = {(one.entry, one.before is None, one.after is None) for one in edits(playbook, new)}
    gone = next(entry for entry, _, is_gone in ways if is_gone and entry.endswith(".A"))
    assert (gone.removesuffix("A") + "Z", True, False) in ways
