"""What analytics counts: sums from the figures that are kept ready, read in one place."""

from datetime import date

from sqlalchemy import Connection, func, select

from tay_middleware.storage.figures import ALL, daily_counts


def escalations_by(
    connection: Connection, first: date, last: date, dimension: str = ALL
) -> dict[str, tuple[int, int]]:
    """Questions and escalations of the days `first` to `last` (UTC, both included) by value.

    Args:
        connection: Where to read.
        first: The first day.
        last: The last day.
        dimension: `ALL` (one value, the empty one), or one of `figures.COUNTED`; questions are
            counted in full only with `ALL`.
    """
    counts = daily_counts.c
    statement = (
        select(counts.value, func.sum(counts.questions), func.sum(counts.escalations))
        .where(counts.dimension == dimension, counts.day >= first, counts.day <= last)
        .group_by(counts.value)
    )
    return {
        value: (int(asked), int(shown)) for value, asked, shown in connection.execute(statement)
    }
