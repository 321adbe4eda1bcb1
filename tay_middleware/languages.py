"""Whether a text is in the language of the playbook.

Prose tells by its small words. A short reply in a list of things has hardly any ("Cold water,
sulphate free, no heat over 180"): it is believed unless it shows signs of another language.
"""

import re
from collections.abc import Collection, Mapping
from functools import lru_cache
from unicodedata import normalize

from tay_middleware.naming import words

_CODE = re.compile(r"```.*?(?:```|$)|`[^`\n]*`|https?://\S+", re.DOTALL)
_NOT_LATIN = re.compile("[^\\W\\d_\x00-\u02af\u1e00-\u1eff]")
_LATIN = re.compile("[^\\W\\d_\u02b0-\u1dff\u1f00-\U0010ffff]")
_MARKED = re.compile("(?<!\\w)(?=[^\\W\\d_A-Z])\\w*[\u00df-\u00f6\u00f8-\u02af\u1e00-\u1eff]\\w*")
_MARK = re.compile("[\u00df-\u00f6\u00f8-\u02af\u1e00-\u1eff]")
_COMBINING = re.compile("[\u0300-\u036f]")

SHORT_WORDS = 15
"""A reply of fewer words is foreign by signs of another language alone: in short English ones the
share of function words falls to 0. Without any sign that holds up to `LONG_WORDS`."""

LEAST_SIGNS = 2
"""Of another language: one is a name or a loan ("Los Angeles", "crème")."""

LEAST_SHARE = 0.12
"""Share of function words below which a text is not of the language. English prose has 0.3 to 0.5;
Spanish, French, German and Portuguese prose stays under 0.12 on a list of English words."""

LONG_WORDS = 20
"""A reply of so many words also needs two different function words of three letters or more. Dutch,
Danish and Afrikaans share `is`, `of`, `so`, `we`, `to` with English and reach shares of 0.2."""

_UNMARKED = frozenset({"en", "id", "sw", "zu"})
"""Languages without marked letters: in their replies a word with one is a sign of another."""

_SMALL_WORDS: Mapping[str, str] = {
    "en": "the and you your for with this that have from they are what when it's don't about which",
    "de": "der das und ist ich nicht mit für auf ein eine einen einem einer dein deine deinen "
    "deiner deinem du dir dich sie wir wenn dann aber auch nur noch von vom zum zur sich "
    "oder wie nach bei bis ohne zuerst danach immer nie kein keine mehr jede jeden jedes "
    "vor über unter durch schon sehr lass mach nimm zwei drei erst ihr ihre sind wird "
    "kann musst",
    "fr": "le les des et une est pas pour avec dans sur tu ton ta tes vous votre vos ce cette "
    "ces que qui mais ou où puis je il elle sans très chaque du au aux ne toujours avant "
    "après deux trois ses leur bien tout toutes d'abord c'est n'est j'ai l'eau sois fais "
    "mets quand entre",
    "es": "el los las una unos unas y con para por tu tus su sus que pero sin muy más del al es "
    "está esto esta este lo se te cada antes después luego siempre nunca cuando como "
    "entre dos tres primero hasta desde sobre todo todos ya ni ser haz porque",
    "pt": "o os um uma uns umas e com para por teu tua seu sua seus suas que mas sem muito mais "
    "da dos das na nos nas ao é está isso esta este se te cada antes depois sempre nunca "
    "quando como entre dois duas três primeiro até sobre você vocês não já são faça ou "
    "pelo pela",
    "it": "il lo gli una uno e con che tuo tua tuoi tue suo sua ma senza molto più del della "
    "dei delle dal dalla nel nella al alla è questo questa ogni prima dopo poi sempre mai "
    "quando tra fra tre sono anche",
    "nl": "de het een en je jij jouw niet voor aan dat dit wat zijn hebt heb heeft als maar ook "
    "nog naar bij uit zonder eerst daarna altijd nooit geen meer elke elk twee drie wilt "
    "wil zo deze hou doe kan moet",
    "af": "het een en jy jou nie vir aan dat dit wat hê maar ook nog na sonder eers altyd nooit "
    "geen meer elke twee drie wil dis moet kan hulle baie",
    "sv": "och att det som en ett är inte med för på av du din ditt dina också utan först sedan "
    "alltid aldrig varje två tre om eller när",
    "da": "og det som en et er ikke med på af du din dit dine også uden først så altid aldrig "
    "hver tre eller når",
    "pl": "nie się jest na ze że ale jak twoje twoja twój dla po przed bez oraz lub gdy potem "
    "każdy każda dwa trzy najpierw zawsze nigdy",
    "ro": "și nu este cu pentru pe din la ta tău tale dar fără sau apoi fiecare două trei întâi "
    "mereu",
    "tr": "ve bir bu için ile çok değil ama önce sonra iki üç daha kadar gibi sen senin",
    "id": "yang di ke dari untuk dengan tidak kamu anda ini itu atau tapi lalu setiap dua tiga "
    "jangan dulu akan pada",
    "tl": "ang ng mga sa ay na hindi mo ka ko kung para pero muna bago pagkatapos bawat dalawa "
    "tatlo kasi huwag",
    "sw": "na ya wa kwa ni za la cha vya katika kila lakini bila kabla baada kisha yako wako "
    "zako lako kwanza kama au hii hiyo si usi sana moja mbili tatu tu pia halafu bei nywele",
    "yo": "ti ni tí ní àti kí fún pẹlu pẹlú rẹ láti lati tabi ṣugbọn kan bí kò má ṣe o lẹhin "
    "awọn àwọn nígbà gbogbo owó irun",
    "ig": "na nke gị gi ya bụ bu ma ka maka n'ihi tupu mgbe abụọ otu ọ ị ahụ ndị niile",
    "ha": "da na ne ce shi ta ba ka ki kuma amma sai kafin bayan kowane daya biyu uku wannan "
    "idan gashi kudi naka naki",
    "hi": "hai hain nahi nahin aur phir apna apne apni kya kaise karo karna likho bhi agar "
    "lekin baad pehle uske iske usko isko tum tumhara aap aapka mera mere tera wala wale ek "
    "sirf kabhi hamesha bilkul thoda zyada ka ki ke ko se",
    "so": "iyo waa ku ka aan laga marka kadib ugu inta waxaad hal saddex",
    "zu": "futhi noma kodwa ngoba uma kuqala emva njalo yakho wakho kakho lakho zonke konke ukuthi",
    "ht": "pou ak yo ou mwen li ki anvan apre chak tout toujou jamè yon de twa",
}
"""The commonest small words of large languages, by ISO 639-1 code."""

_SHARED: Mapping[str, str] = {
    "en": "tale twee sedan mere ale pour con sin son ton dos elk doe din med um ya yo nun lass "
    "tout jest est dis dat er og om mo ta ma yang sai ser kung bis hindi prima ti agar para",
    "de": "mein meine es des als da um las",
}
"""Small words of other languages that a text of this one has as well: no sign in it of another."""


def matches_language(text: str, function_words: Collection[str], language: str) -> bool:
    """Whether a reply is in the language whose commonest small words are `function_words`.

    Code and links do not count. `language` is its ISO 639-1 code.
    """
    prose = _COMBINING.sub("", normalize("NFC", _CODE.sub(" ", text)))
    foreign = len(_NOT_LATIN.findall(prose))
    if foreign and foreign > len(_LATIN.findall(prose)):
        return False
    said = [word for word in words(prose) if not word[0].isdigit()]
    known = [word for word in said if word in function_words]
    signs = _others(language).intersection(said).difference(function_words)
    if language in _UNMARKED:
        signs = signs.union(_marked(prose))
    if len(signs) >= LEAST_SIGNS and len(signs) > len(set(known)):
        return False
    if len(said) < (SHORT_WORDS if signs else LONG_WORDS):
        return True
    if len(known) < LEAST_SHARE * len(said):
        return False
    return len(said) < LONG_WORDS or len({word for word in known if len(word) > 2}) > 1


def _marked(prose: str) -> set[str]:
    """The words with a marked letter, but for names ("Oréal")."""
    if _MARK.search(prose) is None:  # to look at each word takes ten times as long
        return set()
    return {word.casefold() for word in _MARKED.findall(prose) if word[0].islower()}


@lru_cache
def _others(language: str) -> frozenset[str]:
    """The small words of all languages but one."""
    own = _SMALL_WORDS.get(language, "").split()
    others = (words for code, words in _SMALL_WORDS.items() if code != language)
    shared = _SHARED.get(language, "").split()
    return frozenset(" ".join(others).split()).difference(own, shared)
