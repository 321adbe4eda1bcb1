"""What experiments hold back: the holdout, and wordings and offers that are paused."""

from tay_middleware.decide import Circumstances, ReplyFacts
from tay_middleware.decide.replies import Obstacle
from tay_middleware.domain import Kind, Suppression
from tests.decide.playing import SHIPPED, in_arm, made, playing, sure, the


def test_the_holdout_is_decided_logged_and_not_shown() -> None:
    playbook = playing("template", holdout=0.5)
    found = [made(playbook, user=f"user-{n}") for n in range(60)]
    for decision in found:
        held = the(decision, "holdout")
        assert held.exposed
        assert held.chance == 0.5
        assert decision.shown == (held.arm == "shown")
        assert decision.arm == held.arm
        assert the(decision).exposed == (held.arm == "shown")
    assert {one.arm for one in found} == {"shown", "holdout"}


def test_a_closed_gate_is_no_ghost_either() -> None:
    playbook = playing("template", holdout=0.5)
    closed = sure(escalate=False, gates=("support",))
    found = [made(playbook, detection=closed, user=f"user-{n}") for n in range(40)]
    assert {(one.suppressed, one.arm, one.kind) for one in found} == {(None, None, Kind.NONE)}
    assert not any(a.exposed for one in found for a in one.assignments)


def test_a_reply_that_cannot_be_woven_exposes_both_arms_of_the_holdout_alike() -> None:
    playbook = playing("template", holdout=0.5)
    around = Circumstances(reply=ReplyFacts(obstacle=Obstacle.TRUNCATED))
    found = [made(playbook, around=around, user=f"user-{n}") for n in range(40)]
    assert all(the(one, "holdout").exposed for one in found)
    assert {one.suppressed for one in found} == {Suppression.HOLDOUT, Suppression.UNWEAVABLE}


def test_a_paused_wording_moves_its_own_users_and_nobody_else() -> None:
    before = [made(SHIPPED, user=f"user-{n}").template for n in range(300)]
    paused = frozenset({"mentorship.gentle.any.B"})
    around = Circumstances(paused=paused)
    after = [made(SHIPPED, user=f"user-{n}", around=around).template for n in range(300)]
    assert not paused & set(after)
    moved = [old for old, new in zip(before, after, strict=True) if old != new]
    assert set(moved) == paused
    assert {new for old, new in zip(before, after, strict=True) if old != new} == {
        "mentorship.gentle.any.A",
        "mentorship.gentle.any.C",
    }


def test_a_paused_offer_is_not_offered_and_exposes_nobody() -> None:
    playbook = playing("template", holdout=0.5)
    decision = made(playbook, around=Circumstances(paused=frozenset({"mentorship"})))
    assert (decision.suppressed, decision.arm) == (Suppression.PAUSED, None)
    assert not any(one.exposed for one in decision.assignments)


def test_a_paused_arm_is_silent_rather_than_in_other_words() -> None:
    around = Circumstances(paused=frozenset({"mentorship.gentle.any.B"}))
    decision = in_arm(playing("template"), "B", around=around)
    assert (decision.suppressed, the(decision).exposed) == (Suppression.PAUSED, True)
