"""A review as one printable page: no script, nothing from elsewhere, pictures drawn into it.

Without the extra `charts` its tables say the same.
"""

from collections.abc import Iterator, Sequence
from html import escape
from importlib.resources import files

from tay_middleware.analytics import charts
from tay_middleware.analytics.review.document import Action, Review, Section, Table
from tay_middleware.analytics.review.text import (
    SIMULATED,
    foretold,
    scores_table,
    subtitle,
    title,
)


def page(review: Review) -> str:
    """The page as HTML, with its style sheet in it."""
    style = (files("tay_middleware.analytics.review") / "page.css").read_text(encoding="utf-8")
    body = "\n".join(_body(review))
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title(review))}</title>\n<style>\n{style}</style>\n</head>\n"
        f"<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )


def _body(review: Review) -> Iterator[str]:
    yield f"<header><h1>{escape(title(review))}</h1><p>{escape(subtitle(review))}</p></header>"
    if review.simulated:
        yield f'<p class="simulated">{escape(SIMULATED)}</p>'
    yield '<section class="short">'
    yield from _list("What happened", review.happened, "happened")
    yield from _list("What is sure", review.sure or ("Nothing yet.",), "sure")
    yield from _list("What is not", review.unsure or ("Nothing is open.",), "unsure")
    yield "</section>"
    yield '<section class="friday"><h2>What to do on Friday</h2><ol>'
    for one in review.actions:
        yield _action(one)
    yield "</ol></section>"
    if review.forecasts:
        yield from _list("What we expect", [foretold(one) for one in review.forecasts], "expected")
    if review.scores:
        yield _table(scores_table(review))
    for section in review.sections:
        yield from _section(section)


def _list(heading: str, lines: Sequence[str], name: str) -> Iterator[str]:
    items = "".join(f"<li>{_code(line)}</li>" for line in lines)
    yield f'<div class="{name}"><h2>{escape(heading)}</h2><ul>{items}</ul></div>'


def _action(one: Action) -> str:
    return (
        f"<li><h3>{escape(one.what)}</h3><p>{escape(_sentence(one.why))}</p><dl>"
        f"<dt>How</dt><dd>{_code(one.how)}</dd>"
        f"<dt>Expected</dt><dd>{escape(one.expected)}</dd>"
        f"<dt>Take it back</dt><dd>{escape(one.taken_back)}</dd></dl>"
        + (f"<pre>{escape(one.diff)}</pre>" if one.diff else "")
        + "</li>"
    )


def _code(words: str) -> str:
    """Words with what stands between backticks as code."""
    parts = escape(words).split("`")
    return "".join(f"<code>{part}</code>" if at % 2 else part for at, part in enumerate(parts))


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:] + ("" if words.endswith(".") else ".")


def _section(section: Section) -> Iterator[str]:
    yield f'<section class="chapter"><h2>{escape(section.title)}</h2>'
    for line in section.lines:
        yield f"<p>{escape(line)}</p>"
    drawn = charts.draw(section.chart) if section.chart is not None else None
    if drawn is not None:
        yield f'<figure role="img" aria-label="{escape(section.title)}">{drawn}</figure>'
    tables = [_table(table) for table in section.tables if table.rows]
    yield f'<div class="tables">{"".join(tables)}</div></section>'


def _table(table: Table) -> str:
    marks = ["figure" if name.startswith("#") else "words" for name in table.columns]
    head = "".join(
        f'<th scope="col" class="{mark}">{escape(name.lstrip("#"))}</th>'
        for name, mark in zip(table.columns, marks, strict=True)
    )
    rows = "".join(_row(row, marks) for row in table.rows)
    return (
        f'<div class="table"><table><caption>{escape(table.title)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _row(row: Sequence[str], marks: Sequence[str]) -> str:
    cells = "".join(
        f'<td class="{mark}">{escape(cell)}</td>' for cell, mark in zip(row, marks, strict=True)
    )
    return f"<tr>{cells}</tr>"
