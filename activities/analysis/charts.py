"""The pictures of a report: Vega-Lite, drawn as SVG whose text stays text.

A value that a customer typed (a product's name) only ever becomes text of a drawing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from activities.analysis.figures import AGES, ALL, DIMENSIONS
from activities.analysis.report import Report, Row
from activities.analysis.wording import ReportWording
from workflows.domain.vocabulary import Priority

Spec = dict[str, Any]

_FONT = "PingFang SC, Microsoft YaHei, Noto Sans CJK SC, WenQuanYi Micro Hei, Helvetica, Arial, sans-serif"
_BLUE, _GREY, _GREEN = "#1f5fbf", "#b8c1cc", "#2e8b57"
_PRIORITY_COLOURS = {"P0": "#c62828", "P1": "#e07b1f", "P2": "#1f5fbf", "P3": "#8aa0b2"}
_SCORE_COLOURS = ("#1b7f4b", "#7cbf8f", "#c9d0d8", "#e8a05a", "#c62828")
_LEVEL_COLOURS = ("#8aa0b2", "#f0b35c", "#e07b1f", "#c62828", "#7b1616", "#4a0d0d")
_WIDTH, _STEP = 300, 24
_MOST = 8
_SHARES: Spec = {"scale": {"domain": [0, 1]}, "axis": {"format": ".0%", "title": None, "tickCount": 5}}
_COUNTS: Spec = {"axis": {"title": None, "tickCount": 5}}
_DAYS: Spec = {"title": None, "labelAngle": 0, "labelOverlap": True}
_CONFIG: Spec = {
    "font": _FONT,
    "background": None,
    "view": {"stroke": None},
    "axis": {
        "labelFontSize": 12,
        "titleFontSize": 12,
        "gridColor": "#e6eaee",
        "labelLimit": 150,
        "tickColor": "#b8c1cc",
    },
    "legend": {"labelFontSize": 12, "orient": "top", "title": None},
}


def draw_charts(report: Report, wording: ReportWording) -> dict[str, str]:
    """SVG by name: trend, satisfaction_trend, attainment, escalations, satisfaction, open_cases, volumes_<dimension>.

    A picture of nothing is left out.
    """
    specs: dict[str, Spec | None] = {
        "trend": _trend(report.tables["trend"], wording),
        "attainment": _attainment(report.tables["attainment"], wording),
        "escalations": _escalations(report.tables["escalations"], wording),
        "satisfaction": _satisfaction(report.tables["satisfaction"], wording),
        "satisfaction_trend": _satisfaction_trend(report.tables["trend"], wording),
        "open_cases": _open_cases(report.tables["open_cases"], wording),
    }
    for dimension in DIMENSIONS:
        rows = [row for row in report.tables["volumes"] if row["dimension"] == dimension]
        specs[f"volumes_{dimension}"] = _volumes(rows, dimension, wording)
    return {name: to_svg(spec) for name, spec in specs.items() if spec is not None}


def to_svg(spec: Spec) -> str:
    """The chart as SVG; nothing is fetched from anywhere."""
    import vl_convert

    drawn: str = vl_convert.vegalite_to_svg({**spec, "config": _CONFIG}, allowed_base_urls=[])
    return drawn


def _trend(rows: Sequence[Row], wording: ReportWording) -> Spec | None:
    columns = wording.words["columns"]
    values = [
        {"day": _days(row), "what": columns[what], "count": row[what]}
        for row in rows
        for what in ("received", "closed")
    ]
    names = [columns["received"], columns["closed"]]
    return _over_time(values, "count", names, [_BLUE, _GREEN], {}) if any(value["count"] for value in values) else None


def _satisfaction_trend(rows: Sequence[Row], wording: ReportWording) -> Spec | None:
    columns = wording.words["columns"]
    values = [
        {"day": _days(row), "what": columns[column], "share": row[share]}
        for row in rows
        for column, share in (
            ("satisfied", "rating_share"),
            ("response", "response_share"),
            ("resolution", "resolution_share"),
        )
        if row[share] is not None
    ]
    names = [columns[column] for column in ("satisfied", "response", "resolution")]
    return _over_time(values, "share", names, [_GREEN, _BLUE, "#e07b1f"], _SHARES) if values else None


def _days(row: Row) -> str:
    """Which days a point stands for: the first and the last stretch of a period may be short."""
    return str(row["from"][5:]) + (f"–{row['to'][8:]}" if row["to"] != row["from"] else "")


def _over_time(values: list[Row], figure: str, names: list[str], colours: list[str], y: Spec) -> Spec:
    return {
        "width": 660,
        "height": 170,
        "data": {"values": values},
        "mark": {"type": "line", "point": True, "strokeWidth": 2},
        "encoding": {
            "x": {"field": "day", "type": "ordinal", "sort": None, "axis": _DAYS},
            "y": {"field": figure, "type": "quantitative", "axis": {"title": None, "tickCount": 5}, **y},
            "color": {"field": "what", "type": "nominal", "scale": {"domain": names, "range": colours}},
        },
    }  # fmt: skip


def _attainment(rows: Sequence[Row], wording: ReportWording) -> Spec | None:
    names = {clock: wording.words["columns"][clock] for clock in ("response", "resolution")}
    values = [
        {
            "priority": wording.named("priority", row["priority"]),
            "clock": names[row["clock"]],
            "share": row["share"],
            "text": f"{wording.percent(row['share'])} ({row['kept']:,}/{row['decided']:,})",
        }
        for row in rows
        if row["share"] is not None
    ]
    order = [wording.named("priority", value) for value in (ALL, *Priority)]
    y = {"field": "priority", "type": "nominal", "sort": order, "axis": {"title": None}}
    base: Spec = {
        "y": y,
        "yOffset": {"field": "clock", "sort": list(names.values())},
        "x": {"field": "share", "type": "quantitative", **_SHARES},
    }  # fmt: skip
    colour = {
        "field": "clock",
        "type": "nominal",
        "scale": {"domain": list(names.values()), "range": [_BLUE, "#e07b1f"]},
    }
    return {
        "width": 480,
        "height": {"step": 20},
        "data": {"values": values},
        "layer": [
            {"mark": "bar", "encoding": {**base, "color": colour}},
            {
                "mark": {"type": "text", "align": "left", "dx": 4, "fontSize": 11, "color": "#1f2933"},
                "encoding": {**base, "text": {"field": "text"}},
            },
        ],
    } if values else None  # fmt: skip


def _volumes(rows: Sequence[Row], dimension: str, wording: ReportWording) -> Spec | None:
    shown = [row for row in rows if row["count"] or row["previous_count"]]
    if dimension == "priority":
        shown.sort(key=lambda row: str(row["value"]))
    columns = wording.words["columns"]
    periods = [columns["now"], columns["before"]]
    values = [
        {"value": wording.named(dimension, row["value"]), "period": period, "count": count}
        for row in shown[:_MOST]
        for period, count in zip(periods, (row["count"], row["previous_count"]), strict=True)
    ]
    base: Spec = {
        "y": {"field": "value", "type": "nominal", "sort": None, "axis": {"title": None}},
        "yOffset": {"field": "period", "sort": periods},
        "x": {"field": "count", "type": "quantitative", "axis": {"title": None, "tickCount": 4}},
    }
    colour = {"field": "period", "type": "nominal", "scale": {"domain": periods, "range": [_BLUE, _GREY]}}
    return {
        "width": 210,
        "height": {"step": 13},
        "data": {"values": values},
        "layer": [
            {"mark": "bar", "encoding": {**base, "color": colour}},
            {
                "mark": {"type": "text", "align": "left", "dx": 3, "fontSize": 10, "color": "#1f2933"},
                "encoding": {**base, "text": {"field": "count", "format": ","}},
            },
        ],
    } if values else None  # fmt: skip


def _escalations(rows: Sequence[Row], wording: ReportWording) -> Spec | None:
    levels = sorted({row["level"] for row in rows})
    values = [
        {
            "cause": wording.cause(row["cause"]),
            "level": wording.level(row["level"]),
            "order": row["level"],
            "count": row["count"],
        }
        for row in rows
        if row["count"]
    ]
    colours = {wording.level(level): _LEVEL_COLOURS[min(int(level), len(_LEVEL_COLOURS) - 1)] for level in levels}
    return _stacked(values, "cause", "-x", "level", colours) if values else None


def _open_cases(rows: Sequence[Row], wording: ReportWording) -> Spec | None:
    ages = wording.words["ages"]
    values = [
        {"age": ages[row["age"]], "priority": priority.value, "order": priority.value, "count": row[priority.value]}
        for row in rows
        for priority in Priority
    ]
    order = [ages[name] for _, name in AGES]
    filled = any(value["count"] for value in values)
    return _stacked(values, "age", order, "priority", _PRIORITY_COLOURS) if filled else None


def _stacked(values: list[Row], axis: str, order: Any, by: str, colours: dict[str, str]) -> Spec:
    scale = {"domain": list(colours), "range": list(colours.values())}
    return {
        "width": _WIDTH,
        "height": {"step": _STEP},
        "data": {"values": values},
        "mark": {"type": "bar", "height": {"band": 0.7}},
        "encoding": {
            "y": {"field": axis, "type": "nominal", "sort": order, "axis": {"title": None}},
            "x": {"field": "count", "type": "quantitative", "aggregate": "sum", **_COUNTS},
            "color": {"field": by, "type": "nominal", "scale": scale},
            "order": {"field": "order", "type": "nominal"},
        },
    }  # fmt: skip


def _satisfaction(rows: Sequence[Row], wording: ReportWording) -> Spec | None:
    values = [
        {
            "score": wording.named("score", row["score"]),
            "count": row["count"],
            "text": f"{row['count']:,} ({wording.percent(row['share'])})",
        }
        for row in rows
    ]
    base: Spec = {
        "y": {"field": "score", "type": "nominal", "sort": None, "axis": {"title": None}},
        "x": {"field": "count", "type": "quantitative", "axis": {"title": None, "tickCount": 4}},
    }
    names = [value["score"] for value in values]
    colour = {"field": "score", "type": "nominal", "scale": {"domain": names, "range": _SCORE_COLOURS}, "legend": None}
    return {
        "width": 230,
        "height": {"step": _STEP},
        "data": {"values": values},
        "layer": [
            {"mark": {"type": "bar", "height": {"band": 0.7}}, "encoding": {**base, "color": colour}},
            {
                "mark": {"type": "text", "align": "left", "dx": 4, "fontSize": 11, "color": "#1f2933"},
                "encoding": {**base, "text": {"field": "text"}},
            },
        ],
    } if any(row["count"] for row in rows) else None  # fmt: skip
