"""The sheets of days: made once their day is over, added up for any period.

Counts are lists of one number for each of `clustered.GROUPS`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zlib import crc32

from tay_middleware.analytics.clustered import GROUPS, group_of
from tay_middleware.storage import Database
from tay_middleware.storage.reading import day_sheets as sql
from tay_middleware.storage.reading.reactions import Reaction, bad_feedback_of_nobody, bad_reactions
from tay_middleware.storage.transaction import Transaction

ALL = "all"
"""The dimension of all mentions together; its only value is empty."""

CLOSINGS = (1, 2, 8, 31)
"""Days after which a window closes: of the day itself, of what is said next, of the seven days and
of the thirty in which a user may come back."""

SAID_NEXT, WEEK, MONTH = CLOSINGS[1:]

ARMS = ("shown", "holdout")

MEANING = 4
"""Another number where figures of a sheet mean something else: all sheets are made anew."""

UNKNOWN = 0
"""The mark of a sheet that was made without knowing what counts as a bad reaction."""

FIRST_DAY = date(2000, 1, 1)
"""Before any question: no chat is older."""

Tally = list[int]


@dataclass(frozen=True, slots=True)
class Reactions:
    """What counts as a bad reaction: a next message that closes one of `gates` `within` a time."""

    gates: tuple[str, ...]
    within: timedelta

    @property
    def mark(self) -> int:
        """A number that is another for other terms, and for another `MEANING`."""
        terms = (MEANING, sorted(self.gates), self.within.total_seconds())
        return crc32(repr(terms).encode())


@dataclass(slots=True)
class Sums:
    """Sheets of a period, added up.

    `asked` by tier, `mentions` by dimension and value. By wording, of days whose next day is over:
    `heard`, mentions to somebody, whose next words are known, and `bad`, those taken badly; and of
    mentions to nobody known the same, `unheard` and `unheard_bad`, by feedback alone. `first_due`
    (users on the day of their first exposure to the holdout, by arm, see `ARMS`), `answered`
    (mentions) and `active` (users by day) hold `n` and `hits` of `again`, `week` and `month`, each
    of the days whose window has closed. `llm_usd` is in millionths of a US dollar.
    """

    asked: dict[str, Tally] = field(default_factory=dict)
    mentions: dict[str, dict[str, Tally]] = field(default_factory=dict)
    heard: dict[str, Tally] = field(default_factory=dict)
    bad: dict[str, Tally] = field(default_factory=dict)
    unheard: dict[str, Tally] = field(default_factory=dict)
    unheard_bad: dict[str, Tally] = field(default_factory=dict)
    first_due: dict[str, dict[str, tuple[Tally, Tally]]] = field(default_factory=dict)
    answered: dict[str, tuple[Tally, Tally]] = field(default_factory=dict)
    active: dict[str, tuple[Tally, Tally]] = field(default_factory=dict)
    llm_calls: int = 0
    llm_usd: int = 0


async def make_sheets(
    database: Database,
    first: date,
    end: date,
    *,
    now: datetime,
    reactions: Reactions | None,
    step: Callable[[int, int], None] = lambda _done, _all: None,
) -> int:
    """Make the sheets of `[first, end)` that are missing or out of date; how many were made.

    Args:
        database: where the log is.
        first: a day (UTC).
        end: the day after the last; days that are not over are left out.
        now: the moment.
        reactions: what counts as a bad one. `None` where that is not known: then what is there
            stays, whatever counted when it was made, and what is missing is made without them, and
            anew once they are known.
        step: told how many are made, of how many.

    Raises:
        StorageError: the database does not answer.
    """
    until, terms = min(end, now.date()), UNKNOWN if reactions is None else reactions.mark
    asked = await database.read(sql.known_days, first, until)
    there = await database.read(sql.kept, first, until)
    missing = [
        (day, mark)
        for day, counts in sorted(asked.items())
        if not _is_current(there.get(day), mark := sql.Mark(_closed(day, now), *counts, terms))
    ]
    for done, (day, mark) in enumerate(missing):
        step(done, len(missing))
        content = await database.read(_content, day, mark.closed_days, reactions)
        stays = day in there and await database.read(_is_short, day, content, mark.questions)
        await database.write(sql.keep, day, mark, None if stays else content)
    step(len(missing), len(missing))
    return len(missing)


def _is_short(connection: Transaction, day: date, content: Any, questions: int) -> bool:
    """Whether a sheet that was made while all rows and users of a day were there is better."""
    return (
        sql.knows(content) < questions
        or sql.is_removed(connection, day)
        or sql.users_went(connection, day)
    )


async def sheets_before_removal(
    database: Database, until: datetime, *, now: datetime, reactions: Reactions
) -> int:
    """Make the sheets of all days of which rows from before `until` are to go; how many were made.

    Raises:
        StorageError: the database does not answer; then nothing may go.
    """
    end = until.astimezone(UTC).date() + timedelta(days=1)
    return await make_sheets(database, FIRST_DAY, end, now=now, reactions=reactions)


def _is_current(known: sql.Mark | None, mark: sql.Mark) -> bool:
    if known is None or known.closed_days < mark.closed_days:
        return False
    terms = known.terms if mark.terms == UNKNOWN else mark.terms
    return known == replace(mark, closed_days=known.closed_days, terms=terms)


def _closed(day: date, now: datetime) -> int:
    over = (now.date() - day).days
    return max(closing for closing in CLOSINGS if closing <= over)


def _content(connection: Transaction, day: date, closed: int, reactions: Reactions | None) -> Any:
    mentions = sql.mentions(connection, day)
    costs = [scores[sql.COST] for scores in sql.opinions(connection, day)]
    content = {
        "asked": _asked(sql.asked(connection, day)),
        "mentions": {name: _by(mentions, name) for name in sql.DIMENSIONS}
        | {ALL: {"": _tally(mentions)}},
        "llm": [len(costs), sum(round(1e6 * cost) for cost in costs)],
    }
    if closed >= SAID_NEXT:
        content |= {} if reactions is None else _taken(connection, day, mentions, reactions)
        due = sql.due(connection, day)
        content["first_due"] = {
            arm: _came([row for row in due if row.arm == arm], closed, ("again", "week", "month"))
            for arm in ARMS
        }
        content["answered"] = _came(sql.answered(connection, day), closed, ("again",))
    if closed >= WEEK:
        content["active"] = _came(sql.active(connection, day), closed, ("week", "month"))
    return content


def _taken(
    connection: Transaction, day: date, mentions: Sequence[Any], reactions: Reactions
) -> dict[str, Any]:
    begins = sql.midnight(day)
    until = begins + timedelta(days=SAID_NEXT)
    found = bad_reactions(connection, begins, until, gates=reactions.gates, within=reactions.within)
    of_nobody = bad_feedback_of_nobody(connection, begins, until)
    return {
        "bad": _bad(found, day),
        "unheard_bad": _bad(of_nobody, day),
        "heard": _by((row for row in mentions if row.user_key is not None), "template"),
        "unheard": _by((row for row in mentions if row.user_key is None), "template"),
    }


def _bad(found: Iterable[Reaction], day: date) -> dict[str, Tally]:
    """Mentions of a day that were taken badly, each once however often that was said."""
    ends = sql.midnight(day) + timedelta(days=1)
    once = {(one.user_key, one.mentioned_at, one.template) for one in found}
    counts: dict[str, Tally] = {}
    for user_key, at, template in sorted(once):
        if at < ends:
            counts.setdefault(template, [0] * GROUPS)[group_of(user_key)] += 1
    return counts


_CLOSES = {"again": SAID_NEXT, "week": WEEK, "month": MONTH}


def _came(rows: Sequence[Any], closed: int, names: Iterable[str]) -> dict[str, list[Tally]]:
    """`n` and `hits` of each window that has closed."""
    return {
        name: [_tally(rows), _tally(row for row in rows if getattr(row, name))]
        for name in names
        if closed >= _CLOSES[name]
    }


def _asked(rows: Iterable[Any]) -> dict[str, Tally]:
    counts: dict[str, Tally] = {}
    for row in rows:
        counts.setdefault(row.tier, [0] * GROUPS)[group_of(row.user_key)] += row.number
    return counts


def _by(rows: Iterable[Any], name: str) -> dict[str, Tally]:
    counts: dict[str, Tally] = {}
    for row in rows:
        counts.setdefault(getattr(row, name) or "", [0] * GROUPS)[group_of_row(row)] += 1
    return counts


def _tally(rows: Iterable[Any]) -> Tally:
    counts = [0] * GROUPS
    for row in rows:
        counts[group_of_row(row)] += 1
    return counts


def group_of_row(row: Any) -> int:
    """The group of a row's user; a row of nobody is a user of its own."""
    return group_of(row.user_key if row.user_key is not None else str(row.id))


def add_up(sheets: Iterable[tuple[date, Any]], now: datetime) -> Sums:
    """The sum of sheets, as `storage.reading.day_sheets.contents` gives them.

    Windows that were still open at `now` are left out, though a sheet that was made later knows.
    """
    sums = Sums()
    for day, content in sheets:
        closed = _closed(day, now)
        _add(sums.asked, content["asked"])
        for name, values in content["mentions"].items():
            _add(sums.mentions.setdefault(name, {}), values)
        # Sheets of before, whose rows are past their retention, do not know all of these, and one
        # that was made without a playbook knows no reactions.
        if closed >= SAID_NEXT:
            if "heard" in content and "bad" in content:
                for tallies, name in _reactions(sums):
                    _add(tallies, content[name])
            for arm, came in content.get("first_due", {}).items():
                _add_pairs(sums.first_due.setdefault(arm, {}), came, closed)
            _add_pairs(sums.answered, content.get("answered", {}), closed)
        if closed >= WEEK:
            _add_pairs(sums.active, content.get("active", {}), closed)
        calls, usd = content["llm"]
        sums.llm_calls += calls
        sums.llm_usd += usd
    return sums


def _reactions(sums: Sums) -> Iterable[tuple[dict[str, Tally], str]]:
    return (
        (sums.heard, "heard"),
        (sums.bad, "bad"),
        (sums.unheard, "unheard"),
        (sums.unheard_bad, "unheard_bad"),
    )


def _add(into: dict[str, Tally], values: Mapping[str, Tally]) -> None:
    for name, counts in values.items():
        known = into.get(name)
        into[name] = counts if known is None else [*map(int.__add__, known, counts)]


def _add_pairs(
    into: dict[str, tuple[Tally, Tally]], values: Mapping[str, list[Tally]], closed: int
) -> None:
    for name, (n, hits) in values.items():
        if closed < _CLOSES[name]:
            continue
        known = into.get(name)
        into[name] = (
            (n, hits)
            if known is None
            else ([*map(int.__add__, known[0], n)], [*map(int.__add__, known[1], hits)])
        )
