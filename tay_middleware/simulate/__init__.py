"""Made-up people with a known truth, through the real engine, real webhooks and real SQL.

For a dashboard that has something to show, and for proving that the statistics find what was put
in. Nobody in here exists: every row says `simulated`, and a database with real rows is refused.
"""

from tay_middleware.simulate.run import Order, Result, simulate
from tay_middleware.simulate.truth import Truth

__all__ = ["Order", "Result", "Truth", "simulate"]
