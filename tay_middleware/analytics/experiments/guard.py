"""Auto-pause: switches off an offer or a wording that too many users react badly to.

It only ever switches off, says why with its figures, and a person switches on again. A wording goes
before its offer: mentions in wordings that are paused count no more for the offer, nor do those
from before a wording was switched on again.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from tay_middleware.analytics.experiments.annoyance import evidence, is_too_much
from tay_middleware.playbook import AutoPause, Playbook
from tay_middleware.settings import Settings
from tay_middleware.storage import Database
from tay_middleware.storage.desk.pauses import Subject, pause, paused_names
from tay_middleware.storage.outbox.pause_board import publish
from tay_middleware.storage.reading.reactions import Reaction, bad_reactions, last_lifted, mentioned
from tay_middleware.storage.transaction import Transaction

ACTOR = "auto-pause"
"""Who paused it, in the audit trail."""


@dataclass(frozen=True, slots=True)
class Watched:
    """How users took an offer or a wording within the window, or since it was last switched on.

    `users` were shown it, `bad` of them reacted badly; `evidence` is the logarithm of the evidence
    that their share is above `limit`. `is_paused` is how it stands now, `is_new` whether this very
    look paused it.
    """

    subject: Subject
    name: str
    users: int
    bad: int
    limit: float
    evidence: float
    is_paused: bool
    is_new: bool = False

    @property
    def reason(self) -> str:
        """The figures as a sentence."""
        return (
            f"{self.bad} of {self.users} users reacted badly, {self.bad / max(self.users, 1):.0%}; "
            f"{self.limit:.0%} is the limit"
        )


async def guard(
    database: Database,
    playbook: Playbook,
    settings: Settings,
    *,
    now: datetime,
    new_id: Callable[[], UUID],
) -> tuple[Watched, ...]:
    """Look at all reactions, pause what needs it, and tell the chats what is paused.

    Returns:
        What was looked at, those with the most evidence against them first; nothing where
        `policy.yaml` has no limit.

    Raises:
        StorageError: the database or Redis does not answer; looking again does no harm.
    """
    rules = playbook.policy.auto_pause
    watched = await database.read(watch, playbook, now)
    due = [one for one in watched if _is_due(one, rules)]
    paused = await database.write(_pause, due, now, new_id) if due else set()
    await publish(settings, database, now)
    return tuple(
        replace(one, is_paused=True, is_new=True) if one.name in paused else one for one in watched
    )


def watch(connection: Transaction, playbook: Playbook, now: datetime) -> list[Watched]:
    """How users took everything that was mentioned."""
    rules = playbook.policy.auto_pause
    if rules.limit is None:
        return []
    since = now - timedelta(days=rules.window_days)
    gates = [name for name in rules.reactions if name in playbook.gates.gates]
    within = timedelta(hours=rules.within_hours)
    shown = mentioned(connection, since, now)
    bad = bad_reactions(connection, since, now, gates=gates, within=within)
    paused, lifted = paused_names(connection, now), last_lifted(connection, now)
    wordings = _counted(shown, bad, lifted, lambda row: (row.template,))
    stopped = {name for name, (users, hits) in wordings.items() if _alarms(users, hits, rules)}
    left_out = stopped | paused | set(playbook.policy.paused_templates)
    offers = _counted(
        [row for row in shown if row.template not in left_out],
        [one for one in bad if one.template not in left_out],
        lifted,
        lambda row: (row.offer, row.template),
    )
    found = [
        Watched(subject, name, *counts, rules.limit, evidence(*counts, rules.limit), name in paused)
        for subject, of_subject in ((Subject.TEMPLATE, wordings), (Subject.OFFER, offers))
        for name, counts in of_subject.items()
    ]
    return sorted(found, key=lambda one: -one.evidence)


def _counted(
    shown: Iterable[Any],
    bad: Iterable[Reaction],
    lifted: Mapping[str, datetime],
    names: Callable[[Any], tuple[str, ...]],
) -> dict[str, tuple[int, int]]:
    """Users and those who reacted badly, by the first of `names`; a user counts once.

    What was before any of the names was last switched on again does not count.
    """
    users: dict[str, set[str]] = defaultdict(set)
    hits: dict[str, set[str]] = defaultdict(set)
    for row in shown:
        if _counts(row.last_at, names(row), lifted):
            users[names(row)[0]].add(row.user_key)
    for one in bad:
        name = names(one)[0]
        if one.user_key in users[name] and _counts(one.mentioned_at, names(one), lifted):
            hits[name].add(one.user_key)
    return {name: (len(who), len(hits[name])) for name, who in users.items() if who}


def _counts(at: datetime, names: Iterable[str], lifted: Mapping[str, datetime]) -> bool:
    return all(at > lifted[name] for name in names if name in lifted)


def _alarms(users: int, bad: int, rules: AutoPause) -> bool:
    if rules.limit is None or users < rules.least_users:
        return False
    return is_too_much(users, bad, rules.limit, rules.false_alarm)


def _is_due(one: Watched, rules: AutoPause) -> bool:
    return not one.is_paused and _alarms(one.users, one.bad, rules)


def _pause(
    connection: Transaction, due: Sequence[Watched], now: datetime, new_id: Callable[[], UUID]
) -> Collection[str]:
    paused = set()
    for one in due:
        figures = {
            "users": one.users,
            "bad": one.bad,
            "limit": one.limit,
            "evidence": round(one.evidence, 6),
        }
        if pause(
            connection,
            pause_id=new_id(),
            subject=one.subject,
            name=one.name,
            now=now,
            by=ACTOR,
            reason=one.reason,
            figures=figures,
        ):
            paused.add(one.name)
    return paused
