"""Ten simulated weeks, and reviews of them."""

import asyncio
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import delete

from tay_middleware.analytics.measures import terms_of
from tay_middleware.analytics.review import Review, review
from tay_middleware.simulate import Result
from tay_middleware.storage import Database
from tay_middleware.storage.reading.reviews import reviews
from tay_middleware.storage.transaction import Transaction

UNTIL = datetime(2026, 11, 23, tzinfo=UTC)


def reviewed(
    made: Result,
    name: str,
    now: datetime = UNTIL,
    as_of: datetime | None = None,
    *,
    anew: bool = False,
    prompts: Path | None = None,
) -> Review:
    place = made.place

    async def run() -> Review:
        database = Database(place.settings.resolved_database_url)
        try:
            terms = terms_of(place.settings, place.playbook)
            return await review(
                database,
                place.playbook,
                terms,
                name,
                now=now,
                as_of=as_of,
                anew=anew,
                prompts=prompts,
            )
        finally:
            await database.aclose()

    return asyncio.run(run())


def write(made: Result, change: object) -> None:
    async def run() -> None:
        database = Database(made.place.settings.resolved_database_url)
        try:
            await database.write(change)  # type: ignore[arg-type]  # any function of a transaction
        finally:
            await database.aclose()

    asyncio.run(run())


def forget(connection: Transaction) -> None:
    connection.execute(delete(reviews))


def copied(made: Result, home: Path) -> Result:
    """The same month in a home of its own."""
    shutil.copytree(made.place.settings.home, home)
    settings = made.place.settings.model_copy(update={"home": home, "database_url": None})
    return replace(made, place=replace(made.place, settings=settings))
