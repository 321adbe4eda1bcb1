"""Makes pages: one environment of templates, and what every page is told."""

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse, RedirectResponse, Response

from tay_middleware.analytics import charts
from tay_middleware.analytics.wording import counted
from tay_middleware.web.dashboard import words
from tay_middleware.web.dashboard.addresses import OF_ALL_PAGES, unread
from tay_middleware.web.dashboard.statics import version
from tay_middleware.web.dashboard.visible import visible

POLICY = (
    b"default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
    b"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""Nothing from another host, nothing inline."""

NAV = (
    ("", "Overview"),
    ("escalations", "Escalations"),
    ("experiments", "Experiments"),
    ("playbook", "Playbook"),
    ("payments", "Payments"),
    ("review", "Review"),
    ("audit", "Audit log"),
)
"""Where one can go from everywhere."""

_HEADERS = {"referrer-policy": "same-origin"}
"""With none at all browsers would hide from us where a form comes from."""


def render(
    request: Request, name: str, values: Mapping[str, Any], status: int = 200
) -> HTMLResponse:
    """A page.

    Args:
        request: whose answer it is.
        name: of the template.
        values: `visitor` (who looks, or `None`), `title`, and what the template asks for; `asks` is
            what the page reads in its address, `problems` what it could not read there.
        status: of the answer.
    """
    base = base_of(request)
    template = environment().get_template(name)
    problems = tuple(values.get("problems", ()))
    if values["visitor"] is not None:
        problems = (*unread(request, {*OF_ALL_PAGES, *values.get("asks", ())}), *problems)
    html = template.render(
        base=base,
        here=request.url.path.removeprefix(base).strip("/").partition("/")[0],
        nav=NAV,
        statics=version(),
        done=words.DONE.get(request.query_params.get("done", "")),
        **{**values, "problems": problems},
    )
    return HTMLResponse(html, status, _HEADERS)


def back(request: Request, path: str, **query: str) -> Response:
    """Send the browser to another page, after something was done."""
    to = f"{base_of(request)}/{path}" + (f"?{urlencode(query)}" if query else "")
    return RedirectResponse(to, 303, _HEADERS)


def base_of(request: Request) -> str:
    """Where the dashboard is mounted, without a slash at its end."""
    return str(request.scope.get("root_path", "")).rstrip("/")


@lru_cache(1)
def environment() -> Environment:
    """All templates; whatever they say is escaped, and nothing in it is invisible."""
    made = Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        finalize=_said,
    )
    made.filters |= {
        "name": words.name,
        "percent": words.percent,
        "points": words.points,
        "relative": words.relative,
        "between": words.between,
        "number": words.number,
        "counted": counted,
        "amount": words.amount,
        "whole": words.whole,
        "when": words.when,
        "day": words.day,
        "lasted": words.lasted,
        "short": _short,
        "query": _query,
    }
    made.globals["chart"] = _chart
    return made


def _said(value: Any) -> Any:
    if isinstance(value, str) and not isinstance(value, Markup):
        return visible(value)
    return value.isoformat() if isinstance(value, datetime) else value


def _short(text: str | None, most: int = 140) -> str:
    """The beginning of a text."""
    if not text:
        return ""
    line = " ".join(text.split(" "))
    return line if len(line) <= most else line[: most - 1].rstrip() + "\u2026"


def _query(given: Mapping[str, Any], **changed: Any) -> str:
    """A query string of what is given, with some values changed; empty ones are left out."""
    kept = {name: value for name, value in {**given, **changed}.items() if value not in {None, ""}}
    return f"?{urlencode(kept)}" if kept else ""


def _chart(spec: charts.Spec) -> Markup | None:
    """A chart's element; what is in it was escaped by the library that drew it."""
    svg = charts.draw(spec)
    return None if svg is None else Markup(svg)  # noqa: S704 - see above
