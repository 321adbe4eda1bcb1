"""What leads to a person, taken out of a text: for the log, and for whoever else is told of it.

Reading order: `redact` (what is kept of a text), `numbers` (cards, IBANs, addresses, telephones).
"""

from tay_middleware.redaction.redact import REACH_CHARS, keep, redact, redacted_part

__all__ = ["REACH_CHARS", "keep", "redact", "redacted_part"]
