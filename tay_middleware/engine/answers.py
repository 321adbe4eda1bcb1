"""Whether a reply answers at all: a mention comes after an answer, never instead of one.

Models refuse in plain words too, with nothing in their metadata that says so, and some replies only
ask back. Both are short; a long reply is believed to hold an answer, however it begins.
"""

import re

from tay_middleware.decide.replies import Obstacle

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
_TAIL = re.compile(r"(?<![^\w?.!:;,\u2026])[^\w?.!:;,\u2026]++$")
"""Looked for from where it begins: from each of its characters, a row of dashes takes for ever."""
_BETWEEN = re.compile(r"(?<=[.!?:;\u2026])\s+|\n+|(?<=[\w,]) but ")
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_LEAD = (
    rf"(?:(?:{_SOFTENERS}|ok(?:ay)?|well|right|first|just|now|quick(?:ly)?|please|pls)[\s,-]+)*+"
)
_WISH = re.compile(
    rf"{_LEAD}(?:share|describe|clarify|explain|confirm|specify|rephrase|resend|repeat|say|ask|send|"
    r"type|try)\b(?P<what>.*)"
)
_OF_CHAT = re.compile(
    r"\b(?:me|us|(?:your|the|that) (?:\w+ )?(?:question|message)|"
    r"(?:a (?:bit|little)|some) more|more (?:details?|info\w*|context)|"
    r"(?:so|and|then)(?: that| then)? (?:i|we)(?:'ll| will| can| could| know))\b"
)
"""What a wish is about that is addressed to this chat, and is no advice to go and say something."""

_OF_HERS = re.compile(
    rf"{_LEAD}(?:describe (?:exactly |just )?(?:your|what|how|where|when)|"
    r"(?:clarify|specify) (?:exactly |just )?(?:what|which|how|where|when|whether)"
    r"(?: \w+){0,2} (?:you|your|you're|you've|it|it's))\b"
)
"""A wish for what she alone can say, though it is not said to whom."""

_ASKS = re.compile(
    rf"{_LEAD}"
    r"(?:(?:tell|give|show|send|remind|catch|fill|walk|talk|drop|ask|bear with|let) (?:me|us)\b|"
    r"i(?:'d| would) (?:rather|prefer) not\b|"
    r"i(?:'d| would|'ll|'m going to| don't| do not| still| just)* (?:have|need|want)"
    r" (?:enough|any|more|a (?:bit|little) more|some more|to know)\b)"
)
"""What asks for something, or says that too little is known: no answer, whatever it is about."""

_TALK = frozenset(
    (  # noqa: SIM905 - hundreds of quotation marks would bury the words
        "a an the and or but so to of in on at for with from by as if it its it's this that "
        "that's these those there there's here here's then than is isn't are aren't was wasn't "
        "were be been being am i i'm i've i'd i'll me my mine myself we we're we've we'll us our "
        "you you're you've you'd you'll your yours do don't does doesn't did didn't done can "
        "can't cannot could couldn't will won't would wouldn't should shall may might must have "
        "haven't has hasn't had hadn't not no nor yes yeah yep nope what what's which who how "
        "when where why just only also very really quite bit little lot some any one ones all "
        "each more most much many first before after about again once now right soon later "
        "shortly today moment moments minute minutes second seconds sec while still yet already "
        "too else other another into up out off over way ways thing things stuff something "
        "anything nothing everything ask asking question questions answer answers answering reply "
        "replies replying respond responding response say saying said tell telling talk talking "
        "chat chatting discuss comment know knowing think thinking understand understood "
        "understanding get getting got catch caught hear heard hearing follow following see "
        "seeing look looking check checking read reading help helping helpful assist try trying "
        "send sending sent message messages words information info detail details context data "
        "enough specific clear clearer exactly sure unsure able unable possible ok okay well "
        "great good love lovely nice fair point glad happy sorry apologies apologise apologize "
        "oops whoops hmm mm um uh oh ooh ah hey hi hello hiya babe babes girl queen sis hun honey "
        "love darling dear thanks thank please pls welcome wait hold hang bear back go goes going "
        "gone come comes coming through end side need needs want wants give gives take big full "
        "quick quickly rather prefer let lets let's maybe perhaps actually honestly connect "
        "connecting connection connected trouble issue issues problem problems error errors "
        "technical glitch hiccup busy overloaded unavailable offline slow loading load server "
        "system process processing request requests working fail failed failing happened wrong "
        "broke unfortunately time times currently temporarily depends experiencing demand high "
        "having few share sharing describe clarify explain confirm specify rephrase resend repeat "
        "type typing specifics slower instead"
    ).split()
)
"""Words of talk about the talk: a sentence of nothing else says nothing that was asked for."""


def unanswered(text: str) -> Obstacle | None:
    """The obstacle of a reply that holds no answer, `None` for one that may hold one.

    English only: under a playbook of another language its refusals go unnoticed.
    """
    if len(text.split()) > MOST_WORDS:
        return None
    plain = _DECORATION.sub("", text.translate(_APOSTROPHES)).strip().casefold()
    if _REFUSES.match(" ".join(plain.split())):
        return Obstacle.REFUSAL
    if _BROKE.match(plain) or not any(map(_states, _BETWEEN.split(plain))):
        return Obstacle.NO_ANSWER
    return None


def _states(sentence: str) -> bool:
    """Whether a sentence says something: no question, no wish for more, no talk about the talk."""
    said = _TAIL.sub("", sentence).strip()
    if said.endswith("?") or _ASKS.match(said) or _OF_HERS.match(said):
        return False
    wish = _WISH.match(said)
    if wish is not None and _OF_CHAT.search(wish["what"]):
        return False
    return any(word[0] not in _TALK for word in _WORD.finditer(said))
