import io
import re

from rich.console import Console

from tay_middleware.demo import SCENES, play


def played() -> str:
    output = io.StringIO()
    play(Console(file=output, width=150, highlight=False))
    return output.getvalue()


def test_the_demo_shows_what_it_promises() -> None:
    text = played()
    outcomes = re.findall(r"^  = (.+)$", text, re.MULTILINE)
    shown = [outcome for outcome in outcomes if "because" in outcome]
    held = [outcome for outcome in outcomes if outcome.startswith("held back")]
    assert len(outcomes) == len(SCENES) >= 10
    assert len(shown) >= 4
    assert len(outcomes) - len(shown) >= 4
    causes = {re.search(r"held back: (\w+)", outcome).group(1) for outcome in held}  # type: ignore[union-attr]  # each begins so
    assert causes >= {
        *("cooldown", "declined", "sensitive", "owns_offer", "already_mentioned", "opted_out"),
    }
    assert "explanation" in outcomes
    assert "acknowledgement" in outcomes


def test_each_scene_goes_as_it_is_announced() -> None:
    text = played()
    blocks = [block for block in text.split("\n\n") if block.startswith("day ")]
    ends = {re.search(r"\((.+)\)", block).group(1): block.splitlines()[-1] for block in blocks}  # type: ignore[union-attr]  # each has one
    assert "mentorship, gentle" in ends["her own prices, on her first visit: gentle"]
    assert "held back: cooldown" in ends["deserved again, but she just heard one: cool-down"]
    assert "course, gentle" in ends["a whole technique to learn, premium: the course"]
    assert "held back: declined" in ends["two days later, another need: her no still stands"]
    assert "held back: sensitive" in ends["somebody in distress: never"]
    assert (
        "masterclass, standard"
        in ends["a framework, from a VIP who has been here before: the masterclass"]
    )
    assert "masterclass, direct" in ends["she asks to buy: direct"]
    assert "held back: owns_offer" in ends["she owns the mentorship already"]
    assert "mentorship, standard" in ends["back again, same topic: one step stronger"]


def test_the_rows_are_read_back_from_sql() -> None:
    text = played()
    assert f"question_logs, {len(SCENES)} rows read back from SQL" in text
    assert "02 Mar 09:03" in text


def test_it_prints_the_same_twice() -> None:
    assert played() == played()


def test_it_says_that_its_answers_are_scripted() -> None:
    assert "The answers are scripted by us" in played()
