"""`tay playbook check` says what the scorers have not learned of a catalogue."""

from dataclasses import replace

from typer.testing import CliRunner

from tay_middleware.cli.main import app
from tay_middleware.cli.playbook import unlearned
from tay_middleware.playbook import Playbook


def test_the_playbook_that_ships_has_nothing_to_note(playbook: Playbook) -> None:
    assert list(unlearned(playbook)) == []
    told = CliRunner().invoke(app, ["playbook", "check"])
    assert (told.exit_code, told.output.count("\n")) == (0, 1)


def test_a_renamed_offer_is_new_under_one_key_and_gone_under_the_other(playbook: Playbook) -> None:
    offers = {**playbook.offers, "lab": playbook.offers["masterclass"]}
    del offers["masterclass"]
    new, gone = unlearned(replace(playbook, offers=offers))
    assert "'lab'" in new
    assert "tay train" in new
    assert "'masterclass'" in gone
    assert "nothing is mentioned" in gone


def test_without_learned_stages_there_is_nothing_to_note(playbook: Playbook) -> None:
    rules = playbook.policy.cascade.model_copy(update={"learned": False})
    policy = playbook.policy.model_copy(update={"cascade": rules})
    assert list(unlearned(replace(playbook, offers={}, policy=policy))) == []
