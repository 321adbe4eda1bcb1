"""What is written with each turn: its id, event and rows, what history keeps, what is counted.

Not what is asked of the log later, which is in `reading`, nor how turns travel: `outbox`.
"""
