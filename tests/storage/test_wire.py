"""What stands in Redis is read by the next version, and by the one before."""

from tay_middleware.domain import PastTurn, ReplyStatus
from tay_middleware.storage.outbox import wire
from tests.builders import NOON
from tests.storage.records import a_record


def read(entry: str) -> PastTurn:
    (turn,) = wire.read_history([[entry.encode()], [], []]).turns
    return turn


def test_an_entry_from_before_wordings_were_kept_is_read() -> None:
    asked = str(wire.micros(NOON))
    entry = f'{a_record().turn.turn_id} mention s {asked} {asked} ["s1","pricing","course",null,[]]'
    turn = read(entry)
    assert (turn.at, turn.offer, turn.template) == (NOON, "course", None)
    assert turn.gates == ()
    named = read(entry.replace("[]", '["support","wording:course.gentle.any.A"]'))
    assert (named.gates, named.template) == (("support",), "course.gentle.any.A")


def test_a_turn_that_failed_is_told_among_its_gates() -> None:
    call = wire.commit_call(a_record(shown=False, status=ReplyStatus.FAILED), wire.Limits(20, 9))
    turn = read(call.args[18])
    assert (turn.failed, turn.gates) == (True, ())


def test_an_entry_from_before_that_holds_half_a_character_is_read() -> None:
    asked = str(wire.micros(NOON))
    entry = f'{a_record().turn.turn_id} none s {asked} {asked} ["\\ud800","pricing",null,null,[]]'
    assert read(entry).session_id == "\ud800"
