"""Reads what the database knows of every experiment, and judges it."""

import asyncio
from datetime import datetime, timedelta

from tay_middleware.analytics.experiments.frame import Frame, frames
from tay_middleware.analytics.experiments.judge import Counted, judge
from tay_middleware.analytics.experiments.verdict import State, Verdict
from tay_middleware.analytics.experiments.waiting import RECENT_DAYS
from tay_middleware.playbook import Playbook
from tay_middleware.storage import Database
from tay_middleware.storage.desk.pauses import paused_names
from tay_middleware.storage.reading.experiments import Exposed, cohorts, marked, nobodys, purchases
from tay_middleware.storage.transaction import Transaction


async def examine(
    database: Database, playbook: Playbook, *, now: datetime, only: str | None = None
) -> tuple[Verdict, ...]:
    """The verdicts on all experiments of a playbook and on its holdout, as of a moment.

    Args:
        database: where exposures and purchases are.
        playbook: which experiments there are, and what each is made to find.
        now: the moment; what came later is not looked at.
        only: the name of the only one that is wanted.

    Raises:
        StorageError: the database does not answer.
        ConfigurationError: the extra `analytics` is not installed.
    """
    verdicts = []
    for frame in frames(playbook, now):
        if only in {None, frame.name}:
            counted = await database.read(_count, frame, playbook, now)
            # On a thread: importing statistics takes a second, and a server has others to answer.
            verdicts.append(await asyncio.to_thread(judge, frame, counted, now))
    return tuple(verdicts)


def _count(connection: Transaction, frame: Frame, playbook: Playbook, now: datetime) -> Counted:
    if frame.state in {State.DRAFT, State.PLANNED}:
        return Counted((), (), 0)
    # A holdout that was made smaller moved users for good: only those drawn as now are compared.
    chances = tuple(frame.chances.values()) if frame.is_holdout else None
    exposed = Exposed(frame.name, until=now, chances=chances)
    marks = marked(connection, exposed)
    bought = purchases(connection, exposed)
    found, torn = cohorts(
        connection,
        exposed,
        matured_before=now - timedelta(days=frame.window_days),
        recent_since=now - timedelta(days=RECENT_DAYS),
    )
    begun = min((one.first_at for one in found), default=now)
    return Counted(
        cohorts=found,
        purchases=bought if frame.may_be_silent else [*bought, *marks],
        crossed=torn,
        marks=len(marks),
        # What is paused today says nothing of a test that has ended: losers are switched off.
        paused=_paused(connection, playbook, now) if frame.state is State.RUNNING else frozenset(),
        nobodys=nobodys(connection, begun, now, frame.offer),
    )


def _paused(connection: Transaction, playbook: Playbook, now: datetime) -> frozenset[str]:
    policy = playbook.policy
    stopped = paused_names(connection, now)
    return stopped.union(policy.paused_templates, policy.paused_offers)
