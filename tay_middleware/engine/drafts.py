"""Whether a reply ends with a text that she is to send on: what stands below is sent with it.

English only, as `engine.answers`. A text that is set off (quoted, in a list, in code) has an end of
its own, and a paragraph below it is none of it.
"""

import re

LONGEST = 200
"""Characters at the end of a line that are read: what hands a text over is short."""

_ONE = (
    r"(?:(?:voice|text|e-?mail|whatsapp|instagram|insta|auto-?) ?)?(?:message|text|dm|sms|e-?mail|"
    r"caption|script|letter|template|draft|bio|announcement|post|reply|tagline|headline|"
    r"invitation|invite|opener|wording|copy|blurb|broadcast|policy|"
    r"out-of-office|footer)"
)
_SOME = rf"(?:{_ONE}s?|replies|(?:answer|response|note|line)s? (?:you can|you could|to|for))"
_HERS = r"(?:her|him|them|people|clients|everyone|your (?:\w+ )?\w+|(?:the|a) (?:\w+ )?client)"
_NOT_I = r"(?<!\bi )(?<!\bi['\u2019]d )(?<!\bi would )(?<!\bi['\u2019]d just )"
_I_WOULD = r"i(?:['\u2019]d| would)"
_OFTEN = r"(?:a (?:week|month|day)|every|each|per|weekly|daily|monthly|often|once|twice)"
_OFFERS = re.compile(
    # Here's a caption for you. Use this script. A note you can send. Your bio could read like this
    r"\b(?:here(?:['\u2019]s| is| are)|this is|use|copy|borrow|steal|adapt|try|send|share|paste)\b"
    r"(?:(?!\b(?:how|when|where|why|about|(?<!one )of|with|on|in)\b)[^:]){0,40}"
    rf"\b{_SOME}\b(?! (?:of|about|is|are|was|were|matters?|needs?|has|have|{_OFTEN})\b)|"
    rf"\bthis (?:\w+ )?{_ONE}\b|"
    rf"\b{_SOME}\b[^:]{{0,30}}\blike(?: this)?$|"
    r"\b(?:something|a line|words|anything) (?:like|along)\b",
    re.IGNORECASE,
)
_SENDS = re.compile(
    # Text her this. Post this on your page. Add this to the form. Copy and paste
    rf"\b(?:tell|send|text|message|e-?mail|dm|whatsapp|reply to|write (?:back )?to) {_HERS}\b"
    rf"(?![^:]*\b(?:things|points|facts|reasons|numbers|questions|steps|{_OFTEN})\b)|"
    rf"\b(?:send|post|paste|share|copy|text|e-?mail|dm) (?:it|this)\b(?! {_OFTEN})|"
    r"\b(?:put|pin|add) (?:it|this) (?:in|on|up|to|under)\b|"
    rf"\blet {_HERS} know\b|\b(?:hit|meet|answer) {_HERS} with\b|"
    r"\bcopy(?:[ /&-]*(?:and|n)?[ /&-]*paste)?$|\bready to (?:copy|send|post|paste)\b",
    re.IGNORECASE,
)
_WORDS_IT = re.compile(
    # Try saying. You could answer. When she asks, say. What I'd text her. In your voice
    r"\b(?:say|write|reply) (?:this|back|it)\b(?! down)|\b(?:reply|answer|respond) with\b|"
    rf"{_NOT_I}\b(?:try|could|can|might|just|simply|then) (?:just |simply )?"
    r"(?:say|answer|reply|respond|writ|text|post|send)(?:e|ing)?(?: (?:back|something|it))?$|"
    r", (?:just |simply )?(?:say|put)$|\b(?:tweak|edit|adapt) (?:it|this)$|"
    r"\bhow about$|\byou say$|\bgo with(?: this)?$|\bword it\b|"
    r"\b(?:write|wrote|written|word|draft) (?:it|one|this|that|you)(?: (?:out|up))?(?: for you)?\b"
    r"(?! down)|\b(?:exact|these) words$|\bin your (?:own )?(?:voice|words)$|\bsounds? like this$|"
    rf"\b(?:if|when|once) (?:they|she|he|{_HERS}) (?:asks?|push(?:es)?|haggles?)\b|"
    r"\bmy go-to\b|\b(?:polished|shorter|longer|softer|firmer) (?:version|one)\b|"
    rf"\b(?:what|how) {_I_WOULD} (?:send|post|write|text|reply|answer|word|message|"
    rf"(?:say|tell|put)(?: it| this)?(?: to)? {_HERS})|"
    rf"\bhere(?:['\u2019]s| is) (?:what|how) {_I_WOULD} (?:say|tell|put)\b",
    re.IGNORECASE,
)
_NAMES_IT = re.compile(
    # Your message. A quick text to send. Caption for Monday. Instagram caption
    r"\W*(?:(?:and|so|now|then|first|option \w+)[ ,:-]+)?"
    r"(?:(?:an?|your|the|my|our|one|another|sample|example|suggested) (?:[\w'\u2019-]+ ){0,3}?|"
    r"(?:(?!(?:on|about|by|in|with|via|per|for|each|every|no|any|to|from|of|fix|your|the|an?|her)\b)"
    r"[\w-]+ ){0,2}?)"
    rf"{_ONE}(?: (?:for|to|you|that|{_I_WOULD}|template|draft|idea|option|version|example|below)\b"
    r"(?!.*\b(?:is|was|are|were)\b)|(?:,.{0,30})?(?: (?:one|two|three))?[ \W\d]*$)",
    re.IGNORECASE,
)
_TALKS_OF_SENDING = re.compile(
    r"\b(?:(?:when|where|why|whether|how|often|before|after) (?:to|you)|"
    r"(?:reasons?|ways?|things|rules?|times?|points?|mistakes?) (?:to|for|in|of))\b",
    re.IGNORECASE,
)
_BEGINS_WITH_IT = re.compile(
    r"\W*(?:(?:your|the|sample|suggested|draft|instagram|insta|whatsapp|story) ){0,2}"
    r"(?:caption|message|text|dm|e-?mail|script|bio|subject|draft|reply|post)[*_]*:[*_ ]*"
    r"(?!(?:keep|make|say|send|ask|use|write|it|they|one|two|three) )[^\W\d_]",
    re.IGNORECASE,
)
_GREETS = re.compile(
    r"(?:hi|hiya|hey|hello|dear|subject|good (?:morning|afternoon|evening))\b", re.IGNORECASE
)
_TO_CLIENTS = re.compile(
    r"\b(?:thank(?:s| you) for (?:your|being|growing|understanding|trusting|the love|supporting|"
    r"coming|telling)|see you (?:soon|there|then|on|in)|(?:book|tap) (?:below|now|the link)|"
    r"link (?:in|below)|dm me|message me|can(?:['\u2019]t|not) wait to (?:see|have)|"
    r"hope (?:you(?:['\u2019]re| are)|to see)|warmly|xx)\b",
    re.IGNORECASE,
)
_HERE = re.compile(r"here(?:['\u2019]s| is| are) (?:an?|your|the|two|three|some)\b", re.IGNORECASE)
_SUBJECT = re.compile(r"\W*subject(?: line)?[*_]*:", re.IGNORECASE)
_SPEAKS_OF_IT = re.compile(
    r"(?:it|they|that|this|these|those|both|each|yours?(?: \w+)?|the \w+) "
    r"(?:should|needs?|has to|have to|must|ought|(?:is|are) (?:too|not|never|what|where|how|why|"
    r"only|all)|isn['\u2019]t|aren['\u2019]t|does(?:n['\u2019]t)? |do(?:n['\u2019]t)? )|"
    r"(?:keep|make|write|read|cut|put|say|send|ask|lead|start|open|use|mention) "
    r"(?:it|them|that|one|with|who|what|your (?:name|city|price|link|niche))\b",
    re.IGNORECASE,
)
_SPEAKS_OF_THEM = re.compile(
    r"(?:tell|ask|thank|let|give|show|remind|send) (?:her|him|them)\b|hold (?:your|the)\b",
    re.IGNORECASE,
)
_SET_OFF = re.compile(r"[>|\"\u201c\u2018'`~*#+\u2013\u2014-]|\d+[.)]")
_BETWEEN = re.compile(r"\n[ \t]*\n\s*")
_RULE = re.compile(r"(?:-{3,}|\*{3,}|_{3,})")
_SENTENCE = re.compile(r"(?<=[.!?\u2026]) +")
_TITLE = re.compile(r"#{1,6} |(\*\*|__)(?=\S).*\1")
_POINTS = frozenset(":\u2013\u2014\u2026\u2193\u2935\u2b07\U0001f447\U0001f53d")
"""At the end of a line they point at what comes next."""


def ends_in_a_draft(text: str) -> bool:
    """Whether the last paragraph is a text to send on, handed over by a line above it.

    Of several paragraphs below that line, the last may be of the text or about it: it counts as of
    it where the first greets somebody.
    """
    paragraphs = [one.strip() for one in _BETWEEN.split(text.replace("\r\n", "\n").strip())]
    if any(map(_RULE.fullmatch, paragraphs[-2:])):
        return False
    if _BEGINS_WITH_IT.match(paragraphs[-1]):
        return True
    return any(_is_of_it(paragraphs, at) for at in range(len(paragraphs)))


def _is_of_it(paragraphs: list[str], at: int) -> bool:
    """Whether a line of this paragraph hands over what is last."""
    lines = paragraphs[at].split("\n")
    below = [*lines[1:], *paragraphs[at + 1 : at + 2]]
    follow = len(paragraphs) - at - 1
    return any(
        (follow + (place < len(lines)) == 1 or _GREETS.match(begin.strip()) is not None)
        and _hands_over(line.strip(), begin.strip())
        for place, (line, begin) in enumerate(zip(lines, below, strict=False), start=1)
    )


def _hands_over(line: str, begin: str) -> bool:
    """Whether `line` hands over the text that begins with `begin`."""
    if not begin or _SET_OFF.match(begin):
        return False
    said = line[-LONGEST:]
    letters = [at for at, sign in enumerate(said) if sign.isalnum()]
    if not letters:
        return False
    core, tail = said[: letters[-1] + 1], said[letters[-1] + 1 :]
    clause = _SENTENCE.split(core)[-1]
    titled = _TITLE.match(line) is not None and len(clause.split()) <= 8
    points = not _POINTS.isdisjoint(tail) or _HERE.match(clause) is not None
    if _SUBJECT.match(line) or (points and _TO_CLIENTS.search(begin)):
        return True
    if points and _is_to_be_said(clause, begin):
        return True
    if _GREETS.match(begin):
        return points or titled or _OFFERS.search(clause) is not None
    named = _NAMES_IT.match(clause) if points or titled else None
    offered = _OFFERS.search(clause) if points else None
    return bool(named or offered) and _SPEAKS_OF_IT.match(begin) is None


def _is_to_be_said(clause: str, begin: str) -> bool:
    """Whether a line tells her to send or to say what comes, and that is no advice about them."""
    if _TALKS_OF_SENDING.search(clause) or _SPEAKS_OF_THEM.match(begin):
        return False
    return bool(_SENDS.search(clause) or _WORDS_IT.search(clause))
