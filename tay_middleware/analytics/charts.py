"""Charts as Vega-Lite specifications, drawn to SVG on the server; without the extra, tables do.

Colours are names of roles, not looks: a page maps each of `COLOURS` to its own, for light, dark and
paper, by its value as an attribute. A chart says nothing that its table does not say.
"""

import json
import re
from collections.abc import Sequence
from functools import lru_cache
from importlib import import_module
from typing import Any

Spec = dict[str, Any]

VEGA_LITE = "5.20"
"""The version of the language that the specifications are written in."""

COLOURS = {
    "ink": "#4f403b",
    "grid": "#e6dad3",
    "band": "#f3e3dc",
    "line": "#9a3056",
    "soft": "#c79aa8",
    "second": "#7a5a12",
}
"""What is drawn in which colour; a page's style sheet looks for these."""

REMEMBERED = 256
"""Charts that are kept drawn: a page draws a few, and the same until a figure changes."""

WIDE, NARROW = 540, 330
"""Widths in pixels: for a desk and for a telephone."""

_PERCENT = "format(100 * datum.value, '.3~r') + '\u202f%'"
_SIGNED = (
    "(datum.value > 0 ? '+' : datum.value < 0 ? '\u2212' : '') "
    "+ format(100 * abs(datum.value), '.3~r') + '\u202f%'"
)
"""How an axis says a share, and a difference: as the pages do."""

_DAYS = {"grid": False, "labelOverlap": "greedy", "labelSeparation": 10}

_ROLES = re.compile(r'\s(?:role|aria-[a-z]+|xmlns:xlink)="[^"]*"')
_FONT = re.compile(r'\sfont-family="[^"]*"')


def is_installed() -> bool:
    """Whether charts can be drawn here."""
    try:
        import_module("vl_convert")
    except ModuleNotFoundError:
        return False
    return True


def draw(spec: Spec) -> str | None:
    """The chart as an `<svg>` element without scripts, styles or fonts; `None` without the extra.

    About 40 ms the first time, half a second for the very first chart of a process.
    """
    return _drawn(json.dumps(spec, sort_keys=True)) if is_installed() else None


@lru_cache(REMEMBERED)
def _drawn(spec: str) -> str:
    svg: str = import_module("vl_convert").vegalite_to_svg(json.loads(spec), vl_version=VEGA_LITE)
    bare = _FONT.sub("", _ROLES.sub("", svg))
    return bare.replace("<svg ", '<svg aria-hidden="true" focusable="false" ', 1)


def line(
    points: Sequence[tuple[str, float | None]],
    *,
    band: tuple[float, float] | None = None,
    width: int = WIDE,
    height: int = 190,
) -> Spec:
    """A share by day, with the target as a band behind it.

    Args:
        points: ISO day and share; a day without one is a gap.
        band: the target, both ends.
        width: in pixels.
        height: of the plot, in pixels.
    """
    values = [{"day": day, "share": share} for day, share in points if share is not None]
    days = [day for day, _ in points]
    top = max([one["share"] for one in values if isinstance(one["share"], float)], default=0.0)
    most = max(top, band[1] if band else 0.0) * 1.15 or 1.0
    x = _by_day(6 if width >= WIDE else 3)
    if days:
        x["scale"]["domain"] = [days[0], days[-1]]
    y = {
        "field": "share",
        "type": "quantitative",
        "title": None,
        "scale": {"domain": [0, most]},
        "axis": {"labelExpr": _PERCENT, "tickCount": 4},
    }
    layers = _target(band, "y", {"type": "quantitative", "scale": y["scale"]})
    layers.append(_layer(values, {**_LINE, "point": _point()}, x=x, y=y))
    return _framed({"layer": layers, "width": width - 60, "height": height})


def intervals(
    rows: Sequence[tuple[str, float, float, float]],
    *,
    band: tuple[float, float] | None = None,
    zero: bool = False,
    width: int = WIDE,
) -> Spec:
    """Shares with their intervals, one row each, in the order given.

    Args:
        rows: name, share, low, high.
        band: the target, both ends.
        zero: draws a line at 0, for differences.
        width: in pixels.
    """
    values = _rows("name", rows)
    order = [row[0] for row in rows]
    y = {"field": "name", "type": "nominal", "sort": order, "title": None, "axis": _NAMES}
    is_narrow = width < WIDE
    if is_narrow:
        y["axis"] = None
    x = {"type": "quantitative", "title": None, "axis": {"labelExpr": _PERCENT, "tickCount": 4}}
    layers = _target(band, "x", x)
    if zero:
        layers.append(_layer([{"at": 0}], _ZERO, x={"field": "at", **x}))
    low, high, share = {"field": "low", **x}, {"field": "high"}, {"field": "share", **x}
    layers.append(_layer(values, _BAR, x=low, x2=high, y=y))
    layers.append(_layer(values, _DOT, x=share, y=y))
    if is_narrow:
        layers.append(_layer(values, _ABOVE, **_above(y)))
    step = 46 if is_narrow else 30
    return _framed({"layer": layers, "width": width - 60, "height": {"step": step}}, fit=True)


def over_time(
    points: Sequence[tuple[str, float, float, float]], *, width: int = WIDE, height: int = 170
) -> Spec:
    """A difference by day within its interval, and a line at 0.

    Args:
        points: ISO day, difference, low, high.
        width: in pixels.
        height: of the plot, in pixels.
    """
    values = _rows("day", points)
    x = _by_day(5 if width >= WIDE else 3)
    y = {"type": "quantitative", "title": None, "axis": {"labelExpr": _SIGNED, "tickCount": 4}}
    low, high, share = {"field": "low", **y}, {"field": "high"}, {"field": "share", **y}
    layers = [
        _layer(values, _AREA, x=x, y=low, y2=high),
        _layer([{"at": 0}], _ZERO, y={"field": "at", **y}),
        _layer(values, _LINE, x=x, y=share),
    ]
    return _framed({"layer": layers, "width": width - 60, "height": height})


def curve(points: Sequence[tuple[int, float, float, float]], *, title: str) -> Spec:
    """A share that grows by day, within its interval.

    Args:
        points: day, share, low, high.
        title: what the days are, under them.
    """
    values = _rows("day", points)
    x = {
        "field": "day",
        "type": "quantitative",
        "title": title,
        "axis": {"tickMinStep": 1, "tickCount": 7, "grid": False, "titleFontWeight": "normal"},
    }
    y = {"type": "quantitative", "title": None, "axis": {"format": ".0%", "tickCount": 4}}
    low, high, share = {"field": "low", **y}, {"field": "high"}, {"field": "share", **y}
    layers = [
        _layer(values, {**_AREA, **_STEPS}, x=x, y=low, y2=high),
        _layer(values, {**_LINE, **_STEPS}, x=x, y=share),
    ]
    return _framed({"layer": layers, "width": WIDE - 60, "height": _CURVE_HEIGHT})


_CURVE_HEIGHT = 170

_NAMES = {"labelLimit": 230, "labelPadding": 14, "domain": False, "ticks": False}
_ABOVE = {"type": "text", "align": "left", "dy": -15, "fontSize": 13, "color": COLOURS["ink"]}
"""Where there is little room a row's name stands above its bar."""


_LINE = {"type": "line", "color": COLOURS["line"], "strokeWidth": 2.25}
_AREA = {"type": "area", "color": COLOURS["band"], "opacity": 1}
_BAR = {"type": "rule", "color": COLOURS["soft"], "strokeWidth": 5, "strokeCap": "round"}
_DOT = {"type": "point", "filled": True, "size": 90, "color": COLOURS["line"], "opacity": 1}
_ZERO = {"type": "rule", "color": COLOURS["ink"], "strokeDash": [3, 3]}
_STEPS = {"interpolate": "step-after"}


def _rows(first: str, points: Sequence[tuple[Any, float, float, float]]) -> list[Spec]:
    return [dict(zip((first, "share", "low", "high"), point, strict=True)) for point in points]


def _by_day(ticks: int) -> Spec:
    """The axis of the days."""
    return {
        "field": "day",
        "type": "temporal",
        "timeUnit": "utcyearmonthdate",
        "title": None,
        "scale": {"type": "utc"},
        "axis": {"format": "%-d %b", "tickCount": ticks, **_DAYS},
    }


def _layer(values: Sequence[Any], mark: Spec, **encoding: Spec) -> Spec:
    return {"data": {"values": values}, "mark": mark, "encoding": encoding}


def _target(band: tuple[float, float] | None, axis: str, scale: Spec) -> list[Spec]:
    """The target as a band across an axis; nothing without one."""
    if band is None:
        return []
    ends = [{"low": band[0], "high": band[1]}]
    across = {axis: {"field": "low", **scale}, f"{axis}2": {"field": "high"}}
    return [_layer(ends, {"type": "rect", "color": COLOURS["band"]}, **across)]


def _above(y: Spec) -> Spec:
    return {"text": {"field": "name", "type": "nominal"}, "x": {"value": 0}, "y": y}


def _point() -> Spec:
    return {"filled": True, "size": 22, "color": COLOURS["line"]}


def _framed(spec: Spec, *, fit: bool = False) -> Spec:
    """The look that all charts share; `fit` makes a width that counts the labels in."""
    if fit:
        spec = {**spec, "autosize": {"type": "fit-x", "contains": "padding"}}
        spec["width"] += 60
        # Whoever looks has wider letters than the machine that draws.
        left = 26 if spec["width"] >= WIDE else 8
        spec["padding"] = {"left": left, "right": 12, "top": 4, "bottom": 4}
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "background": None,
        "padding": 4,
        **spec,
        "config": {
            "view": {"stroke": None},
            "axis": {
                "labelColor": COLOURS["ink"],
                "labelFontSize": 13,
                "gridColor": COLOURS["grid"],
                "domainColor": COLOURS["grid"],
                "tickColor": COLOURS["grid"],
                "labelPadding": 6,
            },
        },
    }
