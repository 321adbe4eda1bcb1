"""What each metric is called to a person; `docs/metrics.md` says what it means."""

TITLES = {
    "escalation_rate": "Escalation rate",
    "detection_rate": "Detection rate",
    "mentions": "Mentions",
    "held_back": "Held back",
    "questions": "Questions",
    "conversion_rate": "Conversion rate",
    "converts_better": "Converts better",
    "marked_by_hand": "Marked by hand",
    "purchases": "Purchases",
    "revenue": "Revenue",
    "average_value": "Average value",
    "roi": "ROI",
    "llm_calls": "LLM opinions",
    "llm_cost_per_1000_questions": "LLM cost per 1,000 questions",
    "cost": "Cost",
    "called_helpful": "Called helpful",
    "asked_to_stop": "Asked to stop",
    "bad_reactions": "Bad reactions",
    "asks_again_in_the_conversation": "Goes on talking",
    "returns_within_7_days": "Returns within 7 days",
    "returns_after_8_to_30_days": "Returns after 8 to 30 days",
    "asks_again_in_the_conversation_because_of_a_mention": "Goes on talking after a mention",
    "returns_within_7_days_because_of_a_mention": "Returns within 7 days because of a mention",
    "returns_after_8_to_30_days_because_of_a_mention": (
        "Returns after 8 to 30 days because of a mention"
    ),
    "judged_right": "Judged right",
    "offer_judged_right": "Offer judged right",
}
"""Every name in `Measures`."""
