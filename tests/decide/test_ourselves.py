"""Messages about our recommendations: why one was made, and that they are welcome again."""

import pytest

from tay_middleware.decide import Detector


@pytest.mark.parametrize(
    "question",
    [
        "why did you mention that?",
        "Why are u recommending this",
        "hey Tay, why did you just mention that?",
        "how come you mentioned the mentorship",
        "why'd you bring up the mentorship",
        "was that mentorship bit an advert?",
        "why did you recommend the mentorship for my pricing?",
        "why are you trying to sell me something",
        "do you make money from that?",
        "are you selling to me right now?",
        "are you advertising to me?",
        "is that you selling me something?",
        "lol are you trying to sell me stuff",
    ],
)
def test_it_hears_the_question_why(detector: Detector, question: str) -> None:
    assert detector.detect(question).asks_why


@pytest.mark.parametrize(
    "question",
    [
        "why did the lace lift?",
        "why do you suggest bleaching knots first?",
        "why do you suggest waiting a week?",
        "why would you recommend it for 4c hair?",
        "what makes you think this price is too low for my area?",
        "do you make money when you do closures or mostly frontals?",
        "do you get commission on retail?",
        "why are you telling me about hourly costs?",
    ],
)
def test_a_question_about_the_answer_does_not_ask_why_it_was_mentioned(
    detector: Detector, question: str
) -> None:
    assert not detector.detect(question).asks_why


@pytest.mark.parametrize(
    "question",
    [
        "ok you can recommend things again",
        "turn the recommendations back on",
        "please start recommending your stuff again",
        "I'd like your recommendations again",
        "opt me back in",
    ],
)
def test_it_hears_an_opt_in(detector: Detector, question: str) -> None:
    assert detector.detect(question).opts_in


@pytest.mark.parametrize(
    "question",
    [
        "can you recommend a glue?",
        "I want recommendations for a good lace glue",
        "I'd like your recommendations on bleach",
        "when should I start recommending aftercare products to my clients?",
        "do clients have to opt in to texts?",
        "please don't start recommending stuff again",
        "I never said you can recommend things again",
    ],
)
def test_what_is_not_about_our_recommendations_or_is_negated_opts_nobody_in(
    detector: Detector, question: str
) -> None:
    assert not detector.detect(question).opts_in
