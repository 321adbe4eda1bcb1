"""Whether a reply is in the playbook's language: short ones are lists, without much grammar."""

import pytest

from tay_middleware.languages import matches_language
from tay_middleware.playbook import Playbook
from tests.cost import least_cpu_seconds

ENGLISH = [
    "Pluck in layers, not in lines, and step back to look in a mirror every minute.",
    "Swiss lace. HD for shoots.",
    "Ok babes",
    "Use:\n```python\nimport os; print(os.environ)\n```\nThat is all you need to do.",
]
OTHERS = [
    "Empieza con una hora honesta y divide lo que queda entre todas las horas que diste.",
    "Commence par une heure honnête, puis divise ce qui reste par toutes tes heures.",
    "Fang mit einer ehrlichen Stunde an und teile den Rest durch alle deine Stunden.",
    "Comece com uma hora honesta e divida o que sobra por todas as horas do mês.",
    "Dit is beter so: kyk of die prys in die dorp was wat jy wou hê. Is die hare duur, so is dit.",
    "Dat is zo: we kijken of je hebt wat je wilt. Is het haar duur, dan is dat zo, en we zien of.",
    "Bẹrẹ pẹlu wakati kan ti o jẹ otitọ, lẹhinna pin ohun ti o ku.",
    "ابدئي بساعة واحدة صادقة ثم اقسمي ما تبقى",
    "从一个诚实的小时开始",
    "Начни с одного честного часа.",  # noqa: RUF001 - it is Russian
]
LISTED = (
    "Let's look:\n",
    "Frontal 180: fine if it takes under three hours",
    "Closure 150: fine",
    "Quick weave 90: too low once you add hair prep",
)
SHORT_ENGLISH = [
    "\n- ".join(LISTED),
    "Pay it on net profit, quarterly, above a floor.",
    "Write me Monday to Saturday in hours: paid, unpaid, kids.",
    "Cold water, sulphate free, no heat over 180.",
    "Human only in luxury. Blends belong in the stage department.",
    "Lowest setting with a silk scarf between. Quick taps, no dragging.",
    "Cream, tobacco, one deep green. Looks expensive in any light.",
    "Plenty do. Same clients, same hands, two lots of dust.",
    "Nylon bonded, size 69, in the hair's own tone. Cotton swells.",
    "Cheap lace, same mix, timed in five-minute steps.",
    "Tease, waitlist, early access, launch day, restock story.",
    "Protector, three thin coats, tacky, tie down twenty minutes.",
    "Spray, cut, spray, dry fully between each.",
    "Base plus retention bonus on rebooked clients.",
    "Section small, tension even, wax last, scissors never.",
    "Rent first, wages second, stock third, yourself fourth, treats never.",
    "Two wefts max behind each ear, thinner near temples.",
    "Purple shampoo weekly, five minutes, cool rinse, air dry.",
    "Deposit on booking, balance on arrival, nothing on trust.",
    "Mondays closed, Tuesdays admin, Wednesdays through Saturdays heads.",
    "Raw Vietnamese, double drawn, eighteen inches, natural wave.",
    "Kérastase mask, L'Oréal developer, cold rinse, done.",
    "Crème toner, ten volume, eight minutes, foil, rinse.",
    "Los Angeles vendor, two sample bundles, pay afterwards.",
    "Charge double Sundays, triple bank holidays, full fare Mondays.",
    "Photograph everything: lace, knots, parting, density, cap, box.",
    "Smaller parts, lighter gel, looser edges, longer breaks.",
    "Pin curls overnight, satin bonnet, no brush till morning.",
    "Silk base, hand tied, medium brown lace, 130 density.",
    "Half upfront, half on delivery, no exceptions, no DMs.",
    "No oil near a lace tab, ever; alcohol wipe, wait, glue.",
    "Three reels weekly: process, result, client laughing.",
    "Short on reels, long on carousels. First line has to make sense on its own either way.",
    "Melt belt ten minutes, low cool setting, hands off.",
]
SHORT_OTHERS = [
    "Rechne zuerst deine Stunden, danach das Material und die Miete.",
    "Nimm eine Anzahlung, immer, auch von Freundinnen.",
    "Kein Rabatt mehr für neue Kundinnen, nur noch feste Preise.",
    "Schreib die Preise auf und häng sie an die Tür.",
    "Erst waschen, dann föhnen, zuletzt das Band kleben und zwanzig Minuten warten.",
    "Du verdienst zu wenig, weil du deine Zeit nicht mitrechnest und jedem entgegenkommst.",
    "Compte ton temps, les mèches et le loyer, puis ajoute ta marge.",
    "Ne descends pas sous ton heure, même pour une amie.",
    "Prends un acompte avant chaque pose, toujours par écrit.",
    "Lave à froid, sans sulfate, et laisse sécher toute la nuit.",
    "Monte le prix de dix euros pour les nouvelles clientes seulement.",
    "Cobra un anticipo antes de cada cita, siempre.",
    "Suma tus horas, el material y la renta del local.",
    "Lava con agua fría y deja secar sobre la cabeza toda la noche.",
    "Sube los precios a las clientas nuevas primero, luego a todas.",
    "No bajes de tu hora aunque te lo pida una amiga.",
    "Some as horas, o cabelo e o aluguel, depois ponha o lucro.",
    "Peça sinal antes de cada horário, sempre por escrito.",
    "Lave com água fria e deixe secar a noite toda.",
    "Não cobre menos do que a sua hora vale para ninguém.",
    "Aumente primeiro para as clientes novas, com quatro semanas de aviso.",
    "Bẹrẹ pẹlu iye owó irun àti wakati rẹ.",
    "Má ṣe ta ọjà rẹ ní owó pọ́ọ́kú fún ẹnikẹ́ni.",
    "Gba owó díẹ̀ kí o tó bẹ̀rẹ̀ iṣẹ́ náà.",
    "Anza na gharama ya nywele na saa zako.",
    "Pokea malipo ya kwanza kabla ya kazi kuanza.",
    "Usiuze kwa bei ya chini kwa sababu ya urafiki.",
    "Osha kwa maji baridi, kisha acha zikauke usiku mzima.",
    "Panga bei mpya kwa wateja wapya, halafu waambie wengine baada ya mwezi.",
    "احسبي ساعاتك ثم أضيفي ثمن الشعر والإيجار",
    "خذي عربونا قبل كل موعد",
    "لا تنزلي تحت سعر ساعتك حتى لصديقة قريبة منك",
    "Conta le tue ore, i capelli e l'affitto, poi il margine.",
    "Reken eerst je uren en de huur, dan het haar.",
    "Policz godziny i czynsz, potem dodaj zysk dla siebie.",
    "Önce saatlerini hesapla, sonra saç ve kira için ekle.",
    "Pehle apna kharcha likho, phir ghante ka rate nikalo, uske baad price rakho.",
    "Naye client ke liye price badhao, purane client ko pehle bata do.",
    "Marka hore xisaabi saacaddaada, kadib ku dar kirada iyo timaha.",
    "Hitung dulu jam kerja dan sewa, lalu tambah untung untuk kamu.",
]
HALF_AND_HALF = [
    "Call it crème de la crème on the menu and charge for it.",
    "Say: les clientes first, and keep it short on the page.",
]

TERSE_ENGLISH = [
    "Booking tab, teen deal, Friday slots.",
    "Teen facial menu tab: gentle cleanser, 10 minute steam, enzyme mask, SPF.",
    "Teen lashes: classic set, 8mm curl, light glue, patch test, short wear, booking tab.",
    "Pour, stir, rest. Med spa dos: patch test, photo, consent.",
]
ENGLISH_WORDS = """
    a about acid add after again ale all allergy also always am an and answer any are as ask at
    back bad bag balance band bang bank bar be because bed been before best better between big
    bin bio bleach blend blot bond book booked booking both bottom bowl box braid braids brand
    brave bride broke brow brows brush budget build bundle bundles burn but buy by call calm can
    cap caption car card cash chair cheap check city clean clear client clients clip close
    closure cold color colour comb come con conditioner cool cost costs cotton could count cream
    cry cure curl curls cut dab dat data day deal dear den dense density deposit did dim din dis
    discount do doe dos double down drink drop dry dye each early earn easy eat edge edges eight
    elk email empty ends er est etc even evening every extra face facial fail fair fake fall fan
    fast fee few final fine fire firm first five fix foam foil fold for form four free fresh
    friday fringe from front frontal full gel get girl girls give glove gloves glue go good
    great gross grow guest had hair half hard has hat hate have he heat help her here hers high
    him hire his hold home hot hour house how i if in inside into invoice iron is it itch its
    jab jest just keep kid kids kind knot knots know label lace lamp large laser lash lashes
    lass last late later laugh layer layers lead learn leave left lemon less let lift light like
    link list listen loc local locs logo long look lose love low lower make man margin market
    mask may maybe me med media melt men menu mere message met might mine minus minute mirror
    mix mode monday month more morning most move much mum must my nail nails name natural need
    needle net never new next night nine no none nope normal not note nothing now nun nylon of
    off offer og oil ok okay om on one only open or order orders original other our out outside
    over own pack page paid pain part parting pass pat patch pay peel people per photo pin plan
    plus poor post pour practice press price prices print pro profit proud pull pure push quick
    quit raise rate raw read real receipt red reel refund regular regulars rent repeat reply
    reset rest rich right rinse rock room root roots rub said sale salon salt same sample satin
    saturday save say scalp seal section sedan see sell send serum seven shake shampoo share she
    ship shop short should show shut sick silk simple sin sink site six skin sleep slot slots
    slow small smile so social soft some son soon spa special spend split spray staff start stay
    steam still stir stock stop story straight street stretch studio sub sugar suite sum sunday
    super supplier tab table tabs take tale talk tap tape tax teach team teen teens tell ten
    test text than that the their them then there these they thick thin think this thread three
    thursday tie time tint tiny tip tips tired to today tomorrow ton tone toner too top total
    tough tout towel train trim triple try tuck tuesday twee twist two um under until up us use
    van vendor very via video wait walk want warm was wash water wave wax way we weave wednesday
    week weekend weft well were what when where which while who why wig wigs will win with woman
    women work worse worst would wrap write ya yeah year yes yo you your
"""
"""What an owner of a salon types in a list."""


@pytest.mark.parametrize("text", [*ENGLISH, *SHORT_ENGLISH, *HALF_AND_HALF, *TERSE_ENGLISH])
def test_english_is_known(playbook: Playbook, text: str) -> None:
    assert matches_language(text, playbook.voice.function_words, "en")


@pytest.mark.parametrize("text", [*OTHERS, *SHORT_OTHERS])
def test_other_languages_are_told_apart(playbook: Playbook, text: str) -> None:
    assert not matches_language(text, playbook.voice.function_words, "en")


def test_no_word_of_english_is_a_sign_of_another_language() -> None:
    english = ENGLISH_WORDS.split()
    assert len(set(english)) > 300
    # With a second sign beside it ("ikke"), one of them would make the text foreign.
    assert [word for word in english if not matches_language(f"ikke {word}", (), "en")] == []
    assert not matches_language("ikke nicht", (), "en")


GERMAN = frozenset({"der", "die", "das", "und", "ist", "nicht", "mit", "für", "auf", "ein", "dein"})


def test_a_playbook_of_another_language_knows_its_own() -> None:
    assert matches_language("Färbe früh, spüle kühl, föhne spät, öle spärlich.", GERMAN, "de")
    assert matches_language(SHORT_OTHERS[0], GERMAN, "de")
    assert matches_language(
        "Mein Tipp: Preise rauf, Termine runter, um acht da sein.", GERMAN, "de"
    )
    assert not matches_language("Start with what your hour costs you.", GERMAN, "de")
    assert not matches_language(SHORT_OTHERS[6], GERMAN, "de")


@pytest.mark.parametrize("piece", ["é", "a", "é ", "\u0300", "```", "`", "la y ", "ф"])
def test_the_cost_is_linear_in_the_reply(playbook: Playbook, piece: str) -> None:
    def seconds(size: int) -> float:
        text = piece * (size // len(piece))
        return least_cpu_seconds(
            lambda: matches_language(text, playbook.voice.function_words, "en")
        )

    seconds(1_000)
    assert seconds(64_000) < 40 * max(seconds(4_000), 1e-3)
