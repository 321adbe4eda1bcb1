"""A surface of ours inside another: the inner one decides, and tells those around it.

It finds their listeners (`Endings`) among the handlers of its own run, and lays a claim to its
question there. The outer ones then leave that question to it: one question is one row, one event
and at most one addition, wherever it is wrapped a second time.
"""

from collections.abc import Iterable


class Claim:
    """One surface's word that it decides on `question`, and in the end on which reply."""

    def __init__(self, question: str) -> None:
        """Say that a question is being decided on."""
        self.question = question.strip()
        self._reply: str | None = None
        self._is_answer = False

    def ended(self, reply: str, *, is_answer: bool) -> None:
        """Say that it has been decided on.

        Args:
            reply: as it is handed on, with its addition.
            is_answer: false of a reply that calls tools.
        """
        self._reply, self._is_answer = reply.strip(), is_answer

    def covers(self, question: str, reply: str, *, is_answer: bool) -> bool:
        """Whether the decision is that of `reply` too: to the same question, or the same words."""
        if self._reply is None or self._is_answer is not is_answer:
            return False
        same_words = bool(self._reply) and reply.strip().endswith(self._reply)
        return same_words or self.question == question.strip()


class Claims:
    """What surfaces beneath one of ours have laid claim to during its run."""

    def __init__(self) -> None:
        self._laid: list[Claim] = []

    def add(self, claim: Claim) -> None:
        """Hear of a surface beneath; from any thread."""
        self._laid.append(claim)

    def cover(self, question: str, reply: str, *, is_answer: bool) -> bool:
        """Whether one of them has decided on this reply."""
        return any(claim.covers(question, reply, is_answer=is_answer) for claim in self._laid)

    def are_to(self, question: str) -> bool:
        """Whether one of them began to decide on this question, however that ended."""
        return any(claim.question == question.strip() for claim in self._laid)


def lay(question: str, around: Iterable[Claims]) -> Claim:
    """Claim `question` before the surfaces `around`."""
    claim = Claim(question)
    for claims in around:
        claims.add(claim)
    return claim
