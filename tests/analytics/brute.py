"""The same metrics by brute force: every raw row, plain loops, nothing kept ready, no code of ours.

Windows and definitions are written down here a second time, on purpose.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from statistics import fmean, median
from typing import Any

from sqlalchemy import Connection, select

from tay_middleware.storage.desk.tables import question_labels
from tay_middleware.storage.payments.tables import conversions, feedback
from tay_middleware.storage.sql import escalation_logs, question_logs

Found = dict[tuple[str, str | None, str | None], tuple[float | None, int]]
"""(name, dimension, value) → (number, n)."""

DAY = timedelta(days=1)
NAMES = (
    *("offer", "template", "strength", "tier", "reason", "stage", "topic", "playbook_version"),
)
BAD = {"refusal", "opt_out", "complaint"}


def brute(
    connection: Connection, since: datetime, until: datetime, now: datetime, window_days: int
) -> Found:
    """Everything but the intervals."""
    questions = list(connection.execute(select(question_logs)))
    mentions = list(connection.execute(select(escalation_logs)))
    asked = [row for row in questions if since <= row.created_at < until]
    shown = [row for row in mentions if since <= row.created_at < until]
    ripe = [row for row in shown if row.created_at < now - window_days * DAY]
    found: Found = {}
    for (name, dimension, value), number in _counts(asked, shown):
        found[name, dimension, value] = number
    found["conversion_rate", None, None] = (None, 0)
    for key, rows in _parts(ripe):
        hits = sum(bool(row.converted) for row in rows)
        found["conversion_rate", *key] = (hits / len(rows), len(rows))
    _money(connection, since, until, found)
    _welcome(connection, questions, asked, shown, now, found)
    _judged(connection, asked, found)
    waits = [(row.converted_at - row.created_at) / DAY for row in ripe if row.converted]
    found["time", None, None] = (fmean(waits) if waits else None, len(waits))
    found["median", None, None] = (median(waits) if waits else None, len(waits))
    return found


def _counts(
    asked: list[Any], shown: list[Any]
) -> Iterator[tuple[tuple[str, str | None, str | None], tuple[float | None, int]]]:
    yield ("questions", None, None), (len(asked), len(asked))
    yield ("escalation_rate", None, None), (len(shown) / len(asked), len(asked))
    for tier in {row.tier for row in asked}:
        of = [row for row in asked if row.tier == tier]
        hits = sum(row.tier == tier for row in shown)
        yield ("escalation_rate", "tier", tier), (hits / len(of), len(of))
    detected = sum(bool(row.detected) for row in asked)
    yield ("detection_rate", None, None), (detected / len(asked), len(asked))
    for (dimension, value), rows in _parts(shown):
        yield ("mentions", dimension, value), (len(rows), len(rows))
    for cause in {row.suppressed for row in asked if row.suppressed}:
        number = sum(row.suppressed == cause for row in asked)
        yield ("held_back", "suppressed", cause), (number, number)


def _parts(rows: list[Any]) -> Iterator[tuple[tuple[str | None, str | None], list[Any]]]:
    parts: dict[tuple[str | None, str | None], list[Any]] = defaultdict(list)
    for row in rows:
        parts[None, None].append(row)
        for name in NAMES:
            parts[name, getattr(row, name) or ""].append(row)
    yield from parts.items()


def _money(connection: Connection, since: datetime, until: datetime, found: Found) -> None:
    sums: dict[str, list[int]] = defaultdict(list)
    for row in connection.execute(select(conversions)):
        if row.counts and since <= row.begun_at < until:
            sums[f"{row.kind}, {row.currency}"].append(row.net)
    for value, nets in sums.items():
        number = len(nets)
        found["purchases", "kind", value] = (number, number)
        found["revenue", "kind", value] = (sum(nets) / 100, number)
        found["average_value", "kind", value] = (sum(nets) / 100 / number, number)


def _welcome(
    connection: Connection,
    questions: list[Any],
    asked: list[Any],
    shown: list[Any],
    now: datetime,
    found: Found,
) -> None:
    said = {row.escalation_id: row for row in connection.execute(select(feedback))}
    told = [said[row.id] for row in shown if row.id in said]
    judged = [one for one in told if one.helpful is not None]
    share = sum(one.helpful for one in judged) / len(judged) if judged else None
    found["called_helpful", None, None] = (share, len(judged))
    stops = sum(bool(one.stop) for one in told)
    found["asked_to_stop", None, None] = (stops, stops)
    of_user: dict[str, list[Any]] = defaultdict(list)
    for row in sorted(questions, key=lambda row: row.id):
        of_user[row.user_key].append(row)
    _reactions(of_user, said, shown, now, found)
    _returns(of_user, asked, now, found)
    _answers(of_user, shown, now, found)


def _midnight(at: datetime) -> datetime:
    return at.replace(hour=0, minute=0, second=0, microsecond=0)


def _reactions(
    of_user: dict[str, list[Any]],
    said: dict[Any, Any],
    shown: list[Any],
    now: datetime,
    found: Found,
) -> None:
    heard: dict[str | None, list[bool]] = defaultdict(list)
    for row in shown:
        end = _midnight(row.created_at) + 2 * DAY
        if end > now:
            continue
        talk = [one for one in of_user[row.user_key] if one.session_id == row.session_id]
        later = [one for one in talk if one.id > row.id][:1]
        bad = any(
            set(one.gates) & BAD
            and one.created_at < end
            and one.created_at - row.created_at <= timedelta(hours=24)
            for one in later
        )
        word = said.get(row.id)
        if word is not None and word.at < end:
            bad = bad or word.helpful is False or bool(word.stop)
        heard[None].append(bad)
        heard[row.template].append(bad)
    for template, bads in heard.items():
        dimension = None if template is None else "template"
        found["bad_reactions", dimension, template] = (sum(bads) / len(bads), len(bads))


Hits = dict[tuple[str, str], list[bool]]


def _returns(of_user: dict[str, list[Any]], asked: list[Any], now: datetime, found: Found) -> None:
    hits: Hits = defaultdict(list)
    wanted = {row.id for row in asked}
    for user_key, arm, row in _first_due(of_user):
        if row.id in wanted:
            _note(hits, of_user, arm, user_key, _midnight(row.created_at), now)
            if _midnight(row.created_at) + 2 * DAY <= now:
                again = _goes_on(of_user, row)
                hits["asks_again_in_the_conversation", arm].append(again)
    for user_key, day in {(row.user_key, _midnight(row.created_at)) for row in asked}:
        _note(hits, of_user, "everybody", user_key, day, now)
    for (name, arm), came in hits.items():
        found[name, "arm", arm] = (sum(came) / len(came), len(came))


def _first_due(of_user: dict[str, list[Any]]) -> Iterator[tuple[str, str, Any]]:
    """The question by which each user was first exposed to the holdout, with her arm."""
    for user_key, rows in of_user.items():
        exposed = (
            (user_key, arm, row)
            for row in rows
            for experiment, arm, is_exposed, _ in row.assignments
            if experiment == "holdout" and is_exposed
        )
        yield from islice(exposed, 1)


def _goes_on(of_user: dict[str, list[Any]], row: Any) -> bool:
    end = _midnight(row.created_at) + 2 * DAY
    return any(
        one.session_id == row.session_id and one.id > row.id and one.created_at < end
        for one in of_user[row.user_key]
    )


def _answers(of_user: dict[str, list[Any]], shown: list[Any], now: datetime, found: Found) -> None:
    old = [row for row in shown if _midnight(row.created_at) + 2 * DAY <= now]
    came = [_goes_on(of_user, row) for row in old]
    if came:
        found["asks_again_in_the_conversation", None, None] = (sum(came) / len(came), len(came))


def _note(
    hits: Hits, of_user: dict[str, list[Any]], arm: str, user_key: str, day: datetime, now: datetime
) -> None:
    days = {_midnight(row.created_at) for row in of_user[user_key]}
    for name, first, last in (
        ("returns_within_7_days", 1, 7),
        ("returns_after_8_to_30_days", 8, 30),
    ):
        if day + (last + 1) * DAY <= now:
            came = any(day + ahead * DAY in days for ahead in range(first, last + 1))
            hits[name, arm].append(came)


def _judged(connection: Connection, asked: list[Any], found: Found) -> None:
    labels = {row.id: row for row in connection.execute(select(question_labels))}
    judged = [(row, labels[row.id]) for row in asked if row.id in labels]
    right = sum(bool(row.detected) == bool(label.escalate) for row, label in judged)
    found["judged_right", None, None] = (right / len(judged) if judged else None, len(judged))
