"""A report as files: one HTML that opens anywhere, the same figures as JSON, and a CSV a table."""

from __future__ import annotations

import csv
import io
import json
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from markupsafe import Markup

from activities.analysis.charts import draw_charts
from activities.analysis.figures import DIMENSIONS
from activities.analysis.findings import Tone
from activities.analysis.report import Report, Row
from activities.analysis.wording import ReportWording
from activities.ordinary_file import write_together
from activities.rendering.pages import environment
from workflows.domain.model import Json
from workflows.domain.problem import Problem
from workflows.domain.text import without_invisible
from workflows.domain.vocabulary import Locale

_FORMULA = frozenset("=+-@\N{MINUS SIGN}")
"""What a formula begins with. Spreadsheets take the full-width and small forms of these for the same."""
_BREAKS = ("\t", "\r", "\n")
_BLANKS = "".join((" ", *_BREAKS))
_BYTE_ORDER_MARK = "\ufeff"
"""The byte order mark: without it Excel does not read the CSV as UTF-8."""


def report_json(report: Report, wording: ReportWording) -> Json:
    """All figures, and the paragraph of findings in both languages."""
    said = {locale: ReportWording(locale, wording.labels, wording.names).paragraph(report) for locale in Locale}
    return {**report.as_json(), "summary": {locale.value: text for locale, text in said.items()}}


def report_html(report: Report, wording: ReportWording, *, company: str = "") -> str:
    """The whole report in one file."""
    template = environment().get_template(f"{wording.locale.value}/report/analysis.html")
    charts = {name: Markup(svg) for name, svg in draw_charts(report, wording).items()}  # noqa: S704 - drawn here
    return template.render(
        report=report,
        tables=report.tables,
        headline=headline_rows(report.as_json(), wording),
        paragraph=wording.paragraph(report),
        charts=_Charts(charts),
        dimensions=DIMENSIONS,
        wording=wording,
        words=wording.words,
        company=company,
        as_of=_local(report),
    )


def report_csv(report: Report) -> dict[str, str]:
    """Name of the table -> its CSV, with a line of column names; times are seconds, shares between 0 and 1."""
    return {name: _csv(list(rows)) for name, rows in report.tables.items()}


def report_files(report: Report, wording: ReportWording, *, company: str = "") -> dict[str, str]:
    """Name -> text: `report.html`, `report.json` and a CSV a table."""
    files = {f"{name}.csv": _BYTE_ORDER_MARK + text for name, text in report_csv(report).items()}
    files["report.json"] = json.dumps(report_json(report, wording), ensure_ascii=False, indent=2) + "\n"
    files["report.html"] = report_html(report, wording, company=company)
    return files


def write_report(report: Report, wording: ReportWording, folder: Path, *, company: str = "") -> Path:
    """Make and write these files; see `write_files`."""
    return write_files(folder, report_files(report, wording, company=company))


def write_files(folder: Path, files: Mapping[str, str]) -> Path:
    """Write a report's files into the folder; answers the HTML file.

    Raises:
        Problem: the folder cannot be made or written to.
    """
    try:
        write_together(folder, files)
    except OSError as error:
        raise Problem(
            f"{folder}: {error.strerror}; name a folder that can be written to (--out, BIHUAN_REPORTS)"
        ) from None
    return folder / "report.html"


def headline_rows(report: Mapping[str, Any], wording: ReportWording) -> list[dict[str, str]]:
    """The main figures of a report's JSON as people read them: name, now, before, change, tone."""
    tones = {finding["figure"]: Tone(finding["tone"]) for finding in report["findings"]}
    rows = []
    for row in report["headline"]:
        kind = "share" if "share" in row else "time" if "median" in row else "count"
        column = {"share": "share", "time": "median", "count": "count"}[kind]
        now, before = row[column], row[f"previous_{column}"]
        tone = tones.get(row["figure"], Tone.SAME) if row["figure"] != "received" else Tone.SAME
        rows.append(
            {
                "name": wording.words["figures"][row["figure"]],
                "now": _shown(row, "", kind, wording),
                "before": _shown(row, "previous_", kind, wording),
                "change": wording.change(now, before, kind),
                "tone": tone.value if tone in {Tone.WORSE, Tone.BETTER} else "",
            }
        )
    return rows


class _Charts(dict[str, Markup]):
    """Charts by name; one that was not drawn is empty text."""

    def __missing__(self, name: str) -> Markup:
        return Markup("")


def _shown(row: Row, prefix: str, kind: str, wording: ReportWording) -> str:
    if kind == "share":
        part = row.get(f"{prefix}kept", row.get(f"{prefix}satisfied"))
        whole = row.get(f"{prefix}decided", row.get(f"{prefix}count"))
        return f"{wording.percent(row[f'{prefix}share'])} ({part:,}/{whole:,})"
    if kind == "time":
        return wording.duration(row[f"{prefix}median"])
    return f"{row[f'{prefix}count']:,}"


def _local(report: Report) -> str:
    from zoneinfo import ZoneInfo

    return f"{report.as_of.astimezone(ZoneInfo(report.period.zone)):%Y-%m-%d %H:%M}"


def _csv(rows: list[Row]) -> str:
    if not rows:
        return ""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(dict.fromkeys(key for row in rows for key in row)))
    writer.writeheader()
    writer.writerows({key: _harmless(value) for key, value in row.items()} for row in rows)
    return text.getvalue()


def _harmless(value: Any) -> Any:
    """A product's name is a customer's text: a spreadsheet must not take it for a formula."""
    if not isinstance(value, str):
        return value
    begun = unicodedata.normalize("NFKC", without_invisible(value)).lstrip(_BLANKS)[:1]
    return f"'{value}" if begun in _FORMULA or value.startswith(_BREAKS) else value
