"""How right the decisions are, measured on labelled questions and conversations.

Nothing here calls a model over the network. What needs the extra `evals` stands in the modules that
need it; reading labels needs nothing.

Reading order, in which every module has its place:

- Labels are read: `lines`, `names`, `rows`, `conversations`, `out_of_fold`, `labels`.
- They are judged: `tiers`, `judges`, `learned`; `turns` and `play` for conversations.
- Replies are held against what they may never be: `conduct`, tried on `surfaces` and `mutations`.
- Answers are counted: `answers`, `statistics`, `figures`, `dialogue`, `behaviour`, `injections`.
- What was found is kept, held against gates and an earlier run, and shown: `run`, `suite`,
  `offline`, `gates`, `baseline`, `compare`; `tables`, `plots`, `report`.
- Beside that: `thresholds` (which probability is enough), `labelling` (from the log to labels and
  back), `agreement` (how far two people agree).
"""

from tay_middleware.evals.rows import Row, read_rows

__all__ = ["Row", "read_rows"]
