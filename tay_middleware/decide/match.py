"""All phrases of the playbook found in one pass, each with its place; what they mean comes later.

The phrases become one graph of words, walked from every word of the text, so that overlaps are
found, and made deterministic as it is walked, so that a step is one look-up however many phrases
there are. (The same phrases as one regular expression would be a megabyte that takes seconds to
compile, because groups of alternatives multiply; the graph holds them as they are written.)

Matching knows neither weights nor gates: a scorer of any kind takes the same hits as its features.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate
from typing import Generic, Protocol, TypeVar

from tay_middleware.decide.normalise import CLAUSE_ENDS, Window
from tay_middleware.playbook.phrases import END, MONEY, NUMBER, PERCENT, START, Piece

MeaningT = TypeVar("MeaningT")

MAX_STATES = 50_000
"""Most states by which the deterministic graph finds itself again; further ones stay only with the
state that led to them, and another one that leads there makes its own."""

MAX_WORDS = 20_000
"""Most unusual words (with digits, apostrophes, emoji) whose reading is remembered."""

MAX_WORD_CHARS = 60
"""No word of a phrase is longer; what is, is not read."""

_SHAPE = re.compile(r"(\$)?\d{1,12}(?:_\d{1,12})*[km]?(%)?")

_SHAPES = frozenset({MONEY, NUMBER, PERCENT})
_EDGES = re.compile(r"^[^\w$]+|[^\w%]+$")
"""What clings to a word: emoji, quotes, apostrophes."""

_BEGINNING = re.compile(r"[^\w$]{0,20}\Z")
_ENDING = re.compile(r"[^\w$]{0,20}?(?:[.,;:!?\n]|\Z)")
"""What may stand before the first word of a message, and between the last of a clause and its end:
emoji, quotes."""

_Path = tuple[int, int, int]
"""A node of the graph, and how many words of context lie before and after the phrase's own.

The graph is kept in tuples: tens of thousands of lists would be looked at by every full collection
of garbage, and the chat waits for those.
"""


_Bound = tuple[bool, bool]
"""Whether a phrase must begin the message, and whether a clause must end with it."""

_ANYWHERE: _Bound = (False, False)


class _Following(Protocol[MeaningT]):
    """Where words lead: a dictionary, or what makes it when it is first asked."""

    def get(self, word: str, /) -> "_State[MeaningT] | None":
        """The state that `word` leads to."""


class _State(Generic[MeaningT]):
    """Where the same words lead: the paths that are still open, and the phrases that end here.

    `found` holds, for each phrase that ends here, its words of context before and after, its bounds
    and its meaning. `following` is made when the state is first left.
    """

    __slots__ = ("following", "found", "paths")

    def __init__(
        self,
        paths: frozenset[_Path],
        found: tuple[tuple[int, int, _Bound, MeaningT], ...],
        leave: "Callable[[_State[MeaningT]], dict[str, _State[MeaningT]]]",
    ) -> None:
        self.paths = paths
        self.found = found
        self.following: _Following[MeaningT] = _NotYetLeft(self, leave)


class _NotYetLeft(Generic[MeaningT]):
    """Stands for a state's dictionary until somebody looks into it."""

    __slots__ = ("_leave", "_state")

    def __init__(
        self,
        state: _State[MeaningT],
        leave: Callable[[_State[MeaningT]], dict[str, _State[MeaningT]]],
    ) -> None:
        self._state = state
        self._leave = leave

    def get(self, word: str, /) -> _State[MeaningT] | None:
        following = self._leave(self._state)
        self._state.following = following
        return following.get(word)


class PhraseMatcher(Generic[MeaningT]):
    """Finds every phrase it was built with; safe to use from many threads.

    What it remembers (states, unusual words) is bounded, and the same whoever computes it first.
    """

    def __init__(
        self,
        phrases: Iterable[tuple[Sequence[Piece], MeaningT]],
        *,
        most_states: int = MAX_STATES,
        most_words: int = MAX_WORDS,
    ) -> None:
        self._most_states, self._most_words = most_states, most_words
        self._edges: list[dict[str, tuple[_Path, ...]]] = [{}]
        self._meanings: list[tuple[tuple[_Bound, MeaningT], ...]] = [()]
        for pieces, meaning in phrases:
            bound = (pieces[0].mark == START, pieces[-1].mark == END)
            for node in self._add([piece for piece in pieces if piece.mark is None]):
                self._meanings[node] += ((bound, meaning),)
        self._vocabulary = frozenset(word for node in self._edges for word in node)
        self._numbers = [
            (word, shape) for word in sorted(self._vocabulary) if (shape := _shape_of(word))
        ]
        self._states: dict[frozenset[_Path], _State[MeaningT]] = {}
        self._words: dict[str, str] = {}
        self._first = self._following(self._state(frozenset({(0, 0, 0)})))

    def find(self, window: Window) -> list[tuple[int, int, MeaningT]]:
        """Every phrase found: its half-open place in `window.text`, and what it stands for.

        In order of the words where the phrases begin, shorter phrases first.
        """
        parts = window.text.split(" ")
        known, words = self._words, parts.copy()
        for at, plain in enumerate(map(str.isalpha, parts)):
            if not plain and (part := parts[at]):
                words[at] = known[part] if part in known else self._read(part)
        ended: list[tuple[int, int, _State[MeaningT]]] = []
        opened = list(map(self._first.get, words))
        words.append("")
        for begin, first in enumerate(opened):
            state, at = first, begin
            while state is not None:
                if state.found:
                    ended.append((begin, at, state))
                at += 1
                state = state.following.get(words[at])
        return _placed(ended, window, parts, words) if ended else []

    def _add(self, pieces: Sequence[Piece]) -> set[int]:
        """Add one phrase to the graph; the nodes where it ends."""
        fronts = {0}
        own = [at for at, piece in enumerate(pieces) if not piece.context]
        for at, piece in enumerate(pieces):
            side = (int(at < own[0]), int(at > own[-1]))
            last = self._node()
            for choice in piece.choices:
                self._chain(fronts, choice, last, side)
            fronts = {*fronts, last} if piece.optional else {last}
        return fronts

    def _chain(
        self, fronts: Iterable[int], words: Sequence[str], last: int, side: tuple[int, int]
    ) -> None:
        for at, word in enumerate(words):
            target = last if at == len(words) - 1 else self._node()
            for front in fronts:
                edges = self._edges[front]
                edges[word] = (*edges.get(word, ()), (target, *side))
            fronts = (target,)

    def _node(self) -> int:
        self._edges.append({})
        self._meanings.append(())
        return len(self._edges) - 1

    def _state(self, paths: frozenset[_Path]) -> _State[MeaningT]:
        known = self._states.get(paths)
        if known is not None:
            return known
        found = tuple(
            (before, after, bound, meaning)
            for node, before, after in sorted(paths)
            for bound, meaning in self._meanings[node]
        )
        state = _State(paths, found, self._following)
        if len(self._states) < self._most_states:
            self._states[paths] = state
        return state

    def _following(self, state: _State[MeaningT]) -> dict[str, _State[MeaningT]]:
        """The states that the words after `state` lead to."""
        reached: dict[str, set[_Path]] = {}
        for node, before, after in state.paths:
            for word, edges in self._edges[node].items():
                paths = reached.setdefault(word, set())
                paths.update(
                    (target, before + lead, after + trail) for target, lead, trail in edges
                )
        for literal, shape in self._numbers:
            if shape in reached:
                reached.setdefault(literal, set()).update(reached[shape])
        return {word: self._state(frozenset(paths)) for word, paths in reached.items()}

    def _read(self, part: str) -> str:
        """A word as the graph has it: itself, without its possessive, or the shape of a number."""
        word = self._reading(part)
        if len(self._words) < self._most_words:
            self._words[part] = word
        return word

    def _reading(self, part: str) -> str:
        if part in self._vocabulary:
            return part
        if len(part) > MAX_WORD_CHARS:
            return ""
        bare = _EDGES.sub("", part)
        if bare not in self._vocabulary and bare.endswith("'s"):
            bare = bare[:-2]
        return _shape_of(bare) or bare


def _shape_of(word: str) -> str | None:
    shape = _SHAPE.fullmatch(word)
    if shape is None:
        return None
    return MONEY if shape[1] else PERCENT if shape[2] else NUMBER


def _placed(
    ended: Iterable[tuple[int, int, _State[MeaningT]]],
    window: Window,
    parts: Sequence[str],
    words: Sequence[str],
) -> list[tuple[int, int, MeaningT]]:
    """From words to characters, without what reaches over the end of a clause."""
    lengths = [0, *accumulate(map(len, parts))]
    hits: list[tuple[int, int, MeaningT]] = []
    for begin, last, state in ended:
        if last > begin and _reaches_over(lengths, begin, last, window):
            continue
        for before, after, bound, meaning in state.found:
            if bound != _ANYWHERE and not _keeps(bound, lengths, begin, last, window):
                continue
            first, final = begin + before, last - after
            start, end = lengths[first] + first, lengths[final + 1] + final
            if parts[first] != words[first]:
                start = _core(start, parts[first], words[first])[0]
            if parts[final] != words[final]:
                end = _core(lengths[final] + final, parts[final], words[final])[1]
            hits.append((start, end, meaning))
    return hits


def _keeps(bound: _Bound, lengths: Sequence[int], begin: int, last: int, window: Window) -> bool:
    """Whether the words stand where their phrase says that they must."""
    start, end = lengths[begin] + begin, lengths[last + 1] + last
    if bound[0] and _BEGINNING.match(window.literal[: min(start, MAX_WORD_CHARS)]) is None:
        return False
    return not bound[1] or _ENDING.match(window.literal, end) is not None


def _reaches_over(lengths: Sequence[int], begin: int, last: int, window: Window) -> bool:
    """Whether a clause ends between two of the words (as in "my,pricing")."""
    start, end = lengths[begin] + begin, lengths[last] + last
    if window.literal[start:end] == window.text[start:end]:
        return False
    return any(
        window.literal[lengths[at] + at - 1] in CLAUSE_ENDS for at in range(begin + 1, last + 1)
    )


def _core(start: int, part: str, word: str) -> tuple[int, int]:
    """Where the word itself stands in a part that has more to it ("client's", "pls🙏")."""
    own = word if word in part and word not in _SHAPES else _EDGES.sub("", part)
    start += part.find(own)
    return start, start + len(own)
