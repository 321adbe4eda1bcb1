"""Links that are counted: a mention's own, random, leading to the offer's page by way of `web`."""

import base64

from tay_middleware.domain import Decision
from tay_middleware.playbook import Playbook

TOKEN_BITS = 128


def make_token(random_bits: int) -> str:
    """The token of the low 128 bits, 22 characters of base64url."""
    raw = (random_bits & ((1 << TOKEN_BITS) - 1)).to_bytes(TOKEN_BITS // 8)
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def tracked(
    words: str, decision: Decision, playbook: Playbook, public_url: str | None, random_bits: int
) -> str:
    """A mention with the catalogue's link replaced by a tracked one; as it is without any.

    The token needs no place of its own: it is read out of the words when the log is written (see
    `storage.sql.escalation_row`), so a mention and its link can never come apart. The offer stands
    in the link, so that it leads there before the mention is in SQL, and after it is gone.
    """
    offer = playbook.offers.get(decision.offer or "")
    link = str(offer.link) if offer is not None and offer.link is not None else None
    if not decision.shown or public_url is None or link is None or link not in words:
        return words
    path = f"/r/{decision.offer}/{make_token(random_bits)}"
    return words.replace(link, public_url.rstrip("/") + path, 1)
