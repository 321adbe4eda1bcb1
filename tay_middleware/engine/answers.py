"""Whether a reply answers at all: a mention comes after an answer, never instead of one.

Models refuse in plain words too, with nothing in their metadata that says so, and some replies only
ask back. Both are short; a long reply is believed to hold an answer, however it begins.
"""

import re

REFUSAL = "refusal"
"""The obstacle of a reply that says it will not or cannot help."""

NO_ANSWER = "no_answer"
"""The obstacle of a reply that only asks back, or says that something broke."""

MOST_WORDS = 40
"""A reply of more words than this goes on to something, after an apology or before a question."""

_SOFTENERS = (
    r"(?:(?:(?:i am|i'm|im) )?(?:(?:so|very|really|truly|terribly) )?sorry|my apologies|apologies|"
    r"i apologi[sz]e|unfortunately|regrettably|sadly|thank you|thanks|no|hey|hi|oh|babes?|girl|"
    r"queen|love|sis|hun|but|however|and|so|for (?:that|this)|about (?:that|this)|"
    r"(?:to hear|for asking)(?: (?:that|this))?)"
)
_UNABLE = (
    r"(?:can't|cannot|can not|couldn't|won't|will not|won't be able to|"
    r"(?:am|'m) (?:not able to|unable to|not allowed to|not permitted to|not going to)|"
    r"(?:must|have to|need to|will have to) decline to|(?:am|'m) not comfortable)"
)
_HELPING = (
    r"(?:(?:help|assist|helping|assisting)(?: you)?(?: out)?(?= ?(?:with|here|there|on|[.,;:!]|$))|"
    r"(?:answer|answering|respond|comply|engage|discuss|discussing|comment|fulfill?|"
    r"process that|process this|process your|complete that|complete this|complete your)\b|"
    r"(?:(?:continue|do) (?:that|this|with (?:that|this))|continue)(?=[.!]|$)|"
    r"(?:give|giving|provide|providing|offer) (?:\w+ )?(?:medical|legal|financial|tax) advice\b)"
)
_OPENINGS = (
    rf"i ?{_UNABLE} {_HELPING}|i (?:must|have to|need to|will have to) decline\b|"
    r"(?:as|i am|i'm) (?:only |just )?an? (?:ai|(?:large )?language model)\b[^.!?]{0,60}?"
    r" i ?(?:can't|cannot|can not|don't|do not|won't|(?:am|'m) (?:not|unable))\b|"
    r"(?:that|this)(?:'s| is) (?:not something i can|something i (?:can't|cannot))"
    r" (?:help|assist|answer|discuss)\b"
)
_REFUSES = re.compile(rf"(?:{_SOFTENERS}[\s,.!:;-]+)*+(?:{_OPENINGS})")
_BROKE = re.compile(
    rf"(?:{_SOFTENERS}[\s,.!:;-]+)*+"
    r"(?:something went wrong|an (?:\w+ )?error (?:has )?occurred|there was an error)\b"
)
_APOSTROPHES = str.maketrans("\u2018\u2019\u02bc`\u00b4\u2013\u2014", "'''''--")
_DECORATION = re.compile(r"[*_\"\u201c\u201d>#()]")
_TAIL = re.compile(r"[^\w?.!:;,\u2026]+$")
_STATED = re.compile(r"[.!\u2026:;\n?](?:\s|$)")


def unanswered(text: str) -> str | None:
    """The obstacle of a reply that holds no answer, `None` for one that may hold one.

    English only: under a playbook of another language its refusals go unnoticed, as before.
    """
    if len(text.split()) > MOST_WORDS:
        return None
    plain = _DECORATION.sub("", text.translate(_APOSTROPHES)).strip().casefold()
    if _REFUSES.match(" ".join(plain.split())):
        return REFUSAL
    return NO_ANSWER if _BROKE.match(plain) or _only_asks(plain) else None


def _only_asks(plain: str) -> bool:
    """Whether it is one sentence, and that a question: nothing is stated before its mark."""
    asked = _TAIL.sub("", plain)
    return asked.endswith("?") and _STATED.search(asked[:-1].rstrip("?!")) is None
