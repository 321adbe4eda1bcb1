"""The opinion of a language model on a question that the offline stages are unsure about.

Any OpenAI-compatible server will do. The answer is a choice from the catalogue and nothing else:
no word that the model writes ever reaches a user. The question goes out as quoted data, capped and
cleaned. Whatever goes wrong comes back as an `Answer` without a verdict, inside one total deadline,
and the offline decision stands.

Reading order: `classifier` (the whole), `asking` (what is sent), `dialect` and `tries` (what is
done when a server objects or stumbles), `server` (the only door to `openai`), `reading` (what is
made of the reply), `breaker`, `flights` and `remembered` (when nobody is asked at all).
"""

from tay_middleware.decide.classify.classifier import Classifier
from tay_middleware.decide.classify.outcome import Outcome
from tay_middleware.decide.model_answer import Answer, Verdict

__all__ = ["Answer", "Classifier", "Outcome", "Verdict"]
