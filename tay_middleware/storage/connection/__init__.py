"""How a database of SQL is reached: where it is, its threads, copies and limits, and driver errors.

Not what is asked of it, nor `database`, which asks; the link to Redis is in `outbox`.
"""
