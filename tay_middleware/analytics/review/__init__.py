"""The review of a week, month or quarter: made, kept, shown."""

from tay_middleware.analytics.review.document import Review, Section, Table
from tay_middleware.analytics.review.make import review

__all__ = ["Review", "Section", "Table", "review"]
