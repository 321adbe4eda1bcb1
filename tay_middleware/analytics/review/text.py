"""A review as Markdown: for a repository, a mail, a ticket."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from tay_middleware.analytics.review.document import Forecast, Review, Section, Table
from tay_middleware.analytics.titles import TITLES
from tay_middleware.analytics.wording import percent

SIMULATED = "SIMULATED: nobody in this review exists."


def title(review: Review) -> str:
    """The heading of a review."""
    return f"Review of {review.name}"


def subtitle(review: Review) -> str:
    """Which days, and as of when."""
    last = review.until - timedelta(days=1)
    return (
        f"{review.since:%-d %B %Y} to {last:%-d %B %Y}, as of {review.as_of:%-d %B %Y}, "
        f"{review.as_of:%H:%M} UTC; playbook {review.playbook_version[:12] or 'unknown'}"
    )


def foretold(one: Forecast) -> str:
    """A forecast in a sentence."""
    name = TITLES[one.measure].lower()
    return (
        f"{one.period}: {name} between {percent(one.low)} and {percent(one.high)}, four times of "
        "five."
    )


def markdown(review: Review) -> str:
    """All of it; pictures are left to their tables."""
    return "\n".join(_lines(review)).rstrip() + "\n"


def _lines(review: Review) -> Iterator[str]:
    yield from (f"# {title(review)}", "", subtitle(review), "")
    if review.simulated:
        yield from (f"**{SIMULATED}**", "")
    for heading, lines in (
        ("What happened", review.happened),
        ("What is sure", review.sure or ("Nothing yet.",)),
        ("What is not", review.unsure or ("Nothing is open.",)),
    ):
        yield from (f"## {heading}", "", *(f"- {line}" for line in lines), "")
    yield from ("## What to do on Friday", "")
    for number, one in enumerate(review.actions, 1):
        yield f"{number}. **{one.what}**: {one.why}"
        yield f"   - how: {one.how}"
        yield f"   - expected: {one.expected}"
        yield from (f"   - take it back: {one.taken_back}", "")
        if one.diff:
            yield from (
                "   ```diff",
                *(f"   {line}" for line in one.diff.splitlines()),
                "   ```",
                "",
            )
    yield from _forecasts(review)
    for section in review.sections:
        yield from _section(section)


def _forecasts(review: Review) -> Iterator[str]:
    if review.forecasts:
        yield from ("## What we expect", "")
        yield from (*(f"- {foretold(one)}" for one in review.forecasts), "")
    if review.scores:
        yield from _table(scores_table(review))


def scores_table(review: Review) -> Table:
    """How earlier forecasts did."""
    rows = tuple(
        (
            one.forecast.period,
            TITLES[one.forecast.measure],
            f"{percent(one.forecast.low)} to {percent(one.forecast.high)}",
            percent(one.actual) if one.actual is not None else "-",
            one.words,
        )
        for one in review.scores
    )
    return Table("How earlier forecasts did", ("period", "", "#foretold", "#came", ""), rows)


def _section(section: Section) -> Iterator[str]:
    yield from (f"## {section.title}", "")
    for line in section.lines:
        yield from (line, "")
    for table in section.tables:
        yield from _table(table)


def _table(table: Table) -> Iterator[str]:
    if not table.rows:
        return
    yield from (f"### {table.title}", "")
    yield _cells([name.lstrip("#") for name in table.columns])
    yield _cells(["--:" if name.startswith("#") else ":--" for name in table.columns])
    for row in table.rows:
        yield _cells(row)
    yield ""


def _cells(row: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"
