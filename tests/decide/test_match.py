# ruff: noqa: RUF001 - characters that look like others are what is tested here
import re
import threading
from itertools import pairwise, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tay_middleware.decide.match import PhraseMatcher
from tay_middleware.decide.normalise import normalise
from tay_middleware.playbook.phrases import parse

Hits = set[tuple[str, str]]


def a_matcher(*phrases: str) -> PhraseMatcher[str]:
    return PhraseMatcher((parse(phrase), phrase) for phrase in phrases)


def hits(question: str, *phrases: str) -> Hits:
    """What is found: the stretch of the question as typed, and the phrase."""
    return found(a_matcher(*phrases), question)


def found(matcher: PhraseMatcher[str], question: str) -> Hits:
    window = normalise(question)
    return {
        (question[slice(*window.span(start, end))], phrase)
        for start, end, phrase in matcher.find(window)
    }


@pytest.mark.parametrize(
    ("phrase", "question"),
    [
        ("custom", "my customer wants it"),
        ("audit", "I have an audition on Friday"),
        ("complete", "it completely fell off"),
        ("solve", "that is resolved now"),
        ("can", "I can't see it"),
        ("lace", "replace and laces"),
        ("<number> clients", "abc12 clients"),
        ("my pricing", "my, pricing"),
        ("my pricing", "my.pricing"),
        ("my pricing", "my\npricing"),
        ("i'm 16", "I'm 160"),
        ("<number>", "£20"),
        ("<money>", "20 clients"),
    ],
)
def test_parts_of_words_and_of_clauses_are_not_found(phrase: str, question: str) -> None:
    assert hits(question, phrase) == set()


@pytest.mark.parametrize(
    ("phrase", "question"),
    [
        ("<start> stop", "please stop"),
        ("<start> stop", "wigs. stop"),
        ("how much <end>", "how much is it"),
        ("how much <end>", "how much 20 clips"),
        ("stop (it)? <end>", "stop it there"),
        ("<start> stop <end>", "stop the timer"),
    ],
)
def test_a_mark_asks_where_a_phrase_stands(phrase: str, question: str) -> None:
    assert hits(question, phrase) == set()


@pytest.mark.parametrize(
    ("phrase", "question", "typed"),
    [
        ("<start> stop", "STOP the wigs", "STOP"),
        ("<start> stop", "🙏 'stop' now", "stop"),
        ("how much <end>", "how much? my wig", "how much"),
        ("how much <end>", "ok how much 😭😭", "how much"),
        ("stop (now)? <end>", "stop, stop it", "stop"),
        ("<start> (no)? stop (it)? <end>", "stop it!", "stop it"),
        ("x <end>", "x", "x"),
        ("what's wrong", "Whats wrong?", "Whats wrong"),
        ("what's wrong", "what’s wrong?", "what’s wrong"),
        ("what's wrong", "What is WRONG", "What is WRONG"),
        ("my client", "my client's wig", "my client"),
        ("my pricing", "'my pricing' is off", "my pricing"),
        ("sew in", "a sew-in, please", "sew-in"),
        ("help", "help🙏🏾", "help"),
        ("audit [my]", "audit my prices", "audit"),
        ("[how do] audit", "how do audit", "audit"),
        ("<number> clients", "lost 1,300 clients", "1,300 clients"),
        ("<money>", "made £2.5k today", "£2.5k"),
        ("<number>%", "down 30%", "30%"),
        ("1:1", "is 1:1 open", "1:1"),
        ("i'm 16", "im 16.", "im 16"),
    ],
)
def test_whole_words_are_found_as_typed(phrase: str, question: str, typed: str) -> None:
    assert hits(question, phrase) == {(typed, phrase)}


def test_overlapping_and_nested_phrases_are_all_found() -> None:
    assert hits("my pricing strategy", "my pricing", "pricing strategy", "my pricing strategy") == {
        ("my pricing", "my pricing"),
        ("pricing strategy", "pricing strategy"),
        ("my pricing strategy", "my pricing strategy"),
    }


def test_a_literal_number_and_any_number_are_both_found() -> None:
    assert hits("i'm 16 weeks in", "i'm 16", "i'm <number> weeks") == {
        ("i'm 16", "i'm 16"),
        ("i'm 16 weeks", "i'm <number> weeks"),
    }


def test_no_phrases_find_nothing() -> None:
    assert hits("anything") == set()


WORDS = ["my", "our", "own", "price", "prices", "plan", "now"]
word = st.sampled_from(WORDS)
group = st.lists(st.lists(word, min_size=1, max_size=2).map(" ".join), min_size=1, max_size=3)
piece = st.one_of(
    word,
    word.map(lambda one: f"{one}?"),
    group.map(lambda options: f"({'|'.join(options)})"),
    group.map(lambda options: f"({'|'.join(options)})?"),
)
phrase = st.tuples(st.lists(piece, max_size=2), word, st.lists(piece, max_size=2)).map(
    lambda parts: " ".join([*parts[0], parts[1], *parts[2]])
)
gap = st.sampled_from([" ", " ", " ", "-", "  ", ", ", ".", "\n", " - ", "/"])
text = st.lists(st.tuples(word, gap), max_size=12).map(lambda said: "".join(a + b for a, b in said))


def reference(question: str, phrases: list[str]) -> set[tuple[int, int, str]]:
    """Every wording of every phrase tried at every word: slow and plainly right."""
    question = re.sub(r"(?<=\w) +(?=\w)", " ", question)
    words = [(found[0], *found.span()) for found in re.finditer(r"\w+", question)]
    found: set[tuple[int, int, str]] = set()
    for wanted in phrases:
        choices = [
            (*piece.choices, ()) if piece.optional else piece.choices for piece in parse(wanted)
        ]
        for chosen in product(*choices):
            wording = [one for part in chosen for one in part]
            for at in range(len(words) - len(wording) + 1):
                run = words[at : at + len(wording)]
                gaps = [question[a[2] : b[1]] for a, b in pairwise(run)]
                if [one[0] for one in run] == wording and all(g in {" ", "-", "/"} for g in gaps):
                    found.add((run[0][1], run[-1][2], wanted))
    return found


@settings(max_examples=300)
@given(st.lists(phrase, min_size=1, max_size=6), text)
def test_the_graph_finds_what_trying_every_wording_finds(phrases: list[str], question: str) -> None:
    window = normalise(question)
    found = a_matcher(*phrases).find(window)
    assert set(found) == reference(question, phrases)


@given(st.lists(phrase, min_size=1, max_size=4), st.text(st.characters(codec=None), max_size=120))
def test_any_text_is_searched_without_failure(phrases: list[str], question: str) -> None:
    window = normalise(question)
    for start, end, _ in a_matcher(*phrases).find(window):
        assert 0 <= start < end <= len(window.text)


def test_many_threads_find_the_same_from_a_fresh_matcher() -> None:
    matcher = a_matcher("my own? (price|prices)", "<number> (clients|orders)", "what's wrong")
    question = "whats wrong with my own prices, 12 orders and 1,300 clients' " * 20
    window = normalise(question)
    answers: list[list[tuple[int, int, str]]] = []
    start = threading.Barrier(8)

    def search() -> None:
        start.wait()
        answers.extend(matcher.find(window) for _ in range(20))

    threads = [threading.Thread(target=search) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 160
    assert all(answer == answers[0] for answer in answers)


def test_what_is_remembered_is_bounded_and_changes_nothing_that_is_found() -> None:
    question = "my prices, 1 client, 2 clients, 3clients, it's my price🙂 my own prices"
    phrases = ("my own? (price|prices)", "<number> (client|clients)")
    forgetful = PhraseMatcher(
        ((parse(phrase), phrase) for phrase in phrases), most_states=2, most_words=3
    )
    assert found(forgetful, question) == {
        ("my prices", "my own? (price|prices)"),
        ("my price", "my own? (price|prices)"),
        ("my own prices", "my own? (price|prices)"),
        ("1 client", "<number> (client|clients)"),
        ("2 clients", "<number> (client|clients)"),
    }
    assert (len(forgetful._states), len(forgetful._words)) == (2, 3)
