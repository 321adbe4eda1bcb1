"""What each metric is called to a person, and what it means."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Label:
    """`title` is its name on a page, `means` one sentence."""

    title: str
    means: str


LABELS = {
    "escalation_rate": Label("Escalation rate", "mentions shown, of all questions"),
    "detection_rate": Label("Detection rate", "questions found to deserve an offer, of all"),
    "mentions": Label("Mentions", "offers shown"),
    "held_back": Label("Held back", "needs to which no offer was shown, by cause"),
    "questions": Label("Questions", "turns of the chat"),
    "conversion_rate": Label(
        "Conversion rate", "mentions that led to a sale, of those whose window is closed"
    ),
    "converts_better": Label("Converts better", "difference of two conversion rates"),
    "marked_by_hand": Label(
        "Marked by hand", "mentions that an admin marked as sold and no payment stands behind"
    ),
    "purchases": Label("Purchases", "paid and not given back, begun in the period, or marked"),
    "revenue": Label("Revenue", "first payments less what went back"),
    "average_value": Label("Average value", "revenue of a purchase"),
    "roi": Label("ROI", "attributed revenue in USD, times what it all cost"),
    "llm_calls": Label("LLM opinions", "questions about which an LLM was asked"),
    "llm_cost_per_1000_questions": Label(
        "LLM cost per 1,000 questions",
        "as the server reports tokens, at the prices in the settings",
    ),
    "cost": Label("Cost", "LLM opinions and TAY_RUNNING_COST_USD_PER_MONTH"),
    "called_helpful": Label("Called helpful", "of the mentions that users said anything about"),
    "asked_to_stop": Label("Asked to stop", "mentions after which a user wanted no more of them"),
    "bad_reactions": Label(
        "Bad reactions",
        "mentions followed at once by a no, a stop or a complaint; to nobody known: by feedback",
    ),
    "asks_again_in_the_conversation": Label(
        "Goes on talking", "says more in the same conversation, an answer to the mention included"
    ),
    "returns_within_7_days": Label("Returns within 7 days", "asks on one of the seven days after"),
    "returns_after_8_to_30_days": Label(
        "Returns after 8 to 30 days", "asks on one of the days 8 to 30 after"
    ),
    "asks_again_in_the_conversation_because_of_a_mention": Label(
        "Goes on talking after a mention", "shown less held out, each user once"
    ),
    "returns_within_7_days_because_of_a_mention": Label(
        "Returns within 7 days because of a mention", "shown less held out, each user once"
    ),
    "returns_after_8_to_30_days_because_of_a_mention": Label(
        "Returns after 8 to 30 days because of a mention", "shown less held out, each user once"
    ),
    "judged_right": Label("Judged right", "decisions that a person called right"),
    "offer_judged_right": Label("Offer judged right", "of offers that were rightly made"),
}
"""Every name in `Measures`."""
