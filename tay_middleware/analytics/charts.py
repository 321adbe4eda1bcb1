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
    x = {
        "field": "day",
        "type": "temporal",
        "timeUnit": "utcyearmonthdate",
        "title": None,
        "scale": {"domain": [days[0], days[-1]], "type": "utc"} if days else {"type": "utc"},
        "axis": {"format": "%-d %b", "tickCount": 6 if width >= WIDE else 3, **_DAYS},
    }
    y = {
        "field": "share",
        "type": "quantitative",
        "title": None,
        "scale": {"domain": [0, most]},
        "axis": {"labelExpr": _PERCENT, "tickCount": 4},
    }
    layers: list[Spec] = []
    if band:
        layers.append(
            {
                "data": {"values": [{"low": band[0], "high": band[1]}]},
                "mark": {"type": "rect", "color": COLOURS["band"]},
                "encoding": {
                    "y": {"field": "low", "type": "quantitative", "scale": y["scale"]},
                    "y2": {"field": "high"},
                },
            }
        )
    mark = {"type": "line", "color": COLOURS["line"], "strokeWidth": 2.25, "point": _point()}
    layers.append({"data": {"values": values}, "mark": mark, "encoding": {"x": x, "y": y}})
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
    values = [
        {"name": name, "share": share, "low": low, "high": high} for name, share, low, high in rows
    ]
    order = [row[0] for row in rows]
    y = {"field": "name", "type": "nominal", "sort": order, "title": None, "axis": _NAMES}
    is_narrow = width < WIDE
    if is_narrow:
        y["axis"] = None
    x = {"type": "quantitative", "title": None, "axis": {"labelExpr": _PERCENT, "tickCount": 4}}
    layers: list[Spec] = []
    if band:
        layers.append(
            {
                "data": {"values": [{"low": band[0], "high": band[1]}]},
                "mark": {"type": "rect", "color": COLOURS["band"]},
                "encoding": {"x": {"field": "low", **x}, "x2": {"field": "high"}},
            }
        )
    if zero:
        layers.append(
            {
                "data": {"values": [{"at": 0}]},
                "mark": {"type": "rule", "color": COLOURS["ink"], "strokeDash": [3, 3]},
                "encoding": {"x": {"field": "at", **x}},
            }
        )
    low_high = {"x": {"field": "low", **x}, "x2": {"field": "high"}, "y": y}
    rule = {"type": "rule", "color": COLOURS["soft"], "strokeWidth": 5, "strokeCap": "round"}
    dot = {"type": "point", "filled": True, "size": 90, "color": COLOURS["line"], "opacity": 1}
    layers.append({"data": {"values": values}, "mark": rule, "encoding": low_high})
    layers.append(
        {
            "data": {"values": values},
            "mark": dot,
            "encoding": {"x": {"field": "share", **x}, "y": y},
        }
    )
    if is_narrow:
        layers.append({"data": {"values": values}, "mark": _ABOVE, "encoding": _above(y)})
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
    values = [
        {"day": day, "share": share, "low": low, "high": high} for day, share, low, high in points
    ]
    x = {
        "field": "day",
        "type": "temporal",
        "timeUnit": "utcyearmonthdate",
        "title": None,
        "scale": {"type": "utc"},
        "axis": {"format": "%-d %b", "tickCount": 5 if width >= WIDE else 3, **_DAYS},
    }
    y = {"type": "quantitative", "title": None, "axis": {"labelExpr": _SIGNED, "tickCount": 4}}
    layers: list[Spec] = [
        {
            "data": {"values": values},
            "mark": {"type": "area", "color": COLOURS["band"], "opacity": 1},
            "encoding": {"x": x, "y": {"field": "low", **y}, "y2": {"field": "high"}},
        },
        {
            "data": {"values": [{"at": 0}]},
            "mark": {"type": "rule", "color": COLOURS["ink"], "strokeDash": [3, 3]},
            "encoding": {"y": {"field": "at", **y}},
        },
        {
            "data": {"values": values},
            "mark": {"type": "line", "color": COLOURS["line"], "strokeWidth": 2.25},
            "encoding": {"x": x, "y": {"field": "share", **y}},
        },
    ]
    return _framed({"layer": layers, "width": width - 60, "height": height})


def curve(
    points: Sequence[tuple[int, float, float, float]],
    *,
    title: str,
    width: int = WIDE,
    height: int = 170,
) -> Spec:
    """A share that grows by day, within its interval.

    Args:
        points: day, share, low, high.
        title: what the days are, under them.
        width: in pixels.
        height: of the plot, in pixels.
    """
    values = [
        {"day": day, "share": share, "low": low, "high": high} for day, share, low, high in points
    ]
    x = {
        "field": "day",
        "type": "quantitative",
        "title": title,
        "axis": {"tickMinStep": 1, "tickCount": 7, "grid": False, "titleFontWeight": "normal"},
    }
    y = {"type": "quantitative", "title": None, "axis": {"format": ".0%", "tickCount": 4}}
    band = {"type": "area", "color": COLOURS["band"], "opacity": 1, "interpolate": "step-after"}
    mark = {
        "type": "line",
        "color": COLOURS["line"],
        "strokeWidth": 2.25,
        "interpolate": "step-after",
    }
    layers: list[Spec] = [
        {
            "data": {"values": values},
            "mark": band,
            "encoding": {"x": x, "y": {"field": "low", **y}, "y2": {"field": "high"}},
        },
        {
            "data": {"values": values},
            "mark": mark,
            "encoding": {"x": x, "y": {"field": "share", **y}},
        },
    ]
    return _framed({"layer": layers, "width": width - 60, "height": height})


_NAMES = {"labelLimit": 230, "labelPadding": 14, "domain": False, "ticks": False}
_ABOVE = {"type": "text", "align": "left", "dy": -15, "fontSize": 13, "color": COLOURS["ink"]}
"""Where there is little room a row's name stands above its bar."""


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
