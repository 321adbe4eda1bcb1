"""How right the decisions are, measured on labelled questions and conversations.

Reads in the order of the work: rows and conversations are read, judged tier by tier, counted, held
against gates and a baseline, compared, reported. Nothing here calls a model over the network. What
needs the extra `evals` stands in the modules that need it; reading labels needs nothing.
"""

from tay_middleware.evals.rows import Row, read_rows

__all__ = ["Row", "read_rows"]
