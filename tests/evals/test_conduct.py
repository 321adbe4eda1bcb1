from dataclasses import replace
from pathlib import Path

import pytest

from tay_middleware.decide.replies import Obstacle
from tay_middleware.errors import ConfigurationError
from tay_middleware.evals.conduct import broken, checks
from tay_middleware.evals.mutations import (
    REPLIES,
    Sentences,
    attempt,
    exchange,
    exchanges,
    read_sentences,
    structural,
)
from tay_middleware.evals.offline import CHECKOUT
from tay_middleware.evals.surfaces import surfaced
from tay_middleware.playbook import Playbook

GOOD = exchange(
    "Start with your three best sellers.",
    "If you want eyes on your own numbers, that's what my mentorship is for.",
    "mentorship",
)


def test_every_mutation_is_killed_and_nothing_good_is_hit(playbook: Playbook) -> None:
    trial = attempt(playbook, read_sentences(CHECKOUT / "conduct.yaml"))
    assert trial.remarks() == []
    assert trial.made > 300
    assert trial.good > 300


@pytest.mark.parametrize("name", ["shouts", "lies_in_code", "changes_the_answer"])
def test_a_mutation_breaks_its_own_check(playbook: Playbook, name: str) -> None:
    assert name in broken(structural(playbook)[name](GOOD), checks(playbook))


def test_a_sentence_that_its_rule_lets_through_lives(playbook: Playbook) -> None:
    trial = attempt(playbook, Sentences({"urgency": ["It is nice."]}, []))
    assert "urgency: It is nice." in trial.lived


def test_a_good_sentence_that_a_rule_catches_is_told(playbook: Playbook) -> None:
    trial = attempt(playbook, Sentences({}, ["Only today, babes."]))
    assert [one for one in trial.hit if one.endswith(": Only today, babes.")]


def test_what_the_surface_weaves_breaks_nothing_streamed_or_not(playbook: Playbook) -> None:
    told = surfaced(playbook)
    woven = [one for one in told if one.obstacle is None]
    fit = [one for one in woven if one.reply in REPLIES]
    assert len(fit) == len(REPLIES) * len(playbook.offers)
    assert all(one.mention for one in fit)
    assert not any(one.mention for one in told if one not in fit)
    assert [broken(one, checks(playbook)) for one in told if broken(one, checks(playbook))] == []


def test_a_rule_that_no_sentence_tries_counts_as_alive(playbook: Playbook) -> None:
    trial = attempt(playbook, Sentences({}, []))
    assert "says_urgency is never tried" in trial.lived
    assert trial.figures()["conduct.mutations_alive"].value == len(playbook.voice.conduct.rules)


def test_every_check_has_a_mutation(playbook: Playbook) -> None:
    own = {name for name in checks(playbook) if not name.startswith("says_")}
    assert own == set(structural(playbook))


def test_a_good_exchange_breaks_nothing(playbook: Playbook) -> None:
    assert broken(GOOD, checks(playbook)) == []
    assert all(broken(one, checks(playbook)) == [] for one in exchanges(playbook)[::40])


def test_a_reply_without_a_mention_breaks_nothing(playbook: Playbook) -> None:
    quiet = replace(GOOD, woven=GOOD.reply, streamed=GOOD.reply, again=GOOD.reply, mention=None)
    assert broken(replace(quiet, upset=True, obstacle=Obstacle.TOOL_CALLS), checks(playbook)) == []


def test_sentences_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    (tmp_path / "conduct.yaml").write_text("bad: {")
    with pytest.raises(ConfigurationError, match=r"conduct\.yaml"):
        read_sentences(tmp_path / "conduct.yaml")
