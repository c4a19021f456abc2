"""The report as files and words: opens anywhere, runs nothing, says what the figures say (R29)."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from activities.analysis.files import report_csv, report_html, report_json, write_report
from activities.analysis.findings import Tone
from activities.analysis.report import analyse
from activities.analysis.wording import ReportWording, report_words
from activities.database.database import Database
from tests.activities.analysis.records import APRIL, LATER, MAY, Busy, busy_months, live, rows
from tests.builders import MINUTE
from workflows.domain.vocabulary import Locale


@pytest.fixture(scope="module")
async def busy(tmp_path_factory: pytest.TempPathFactory) -> Busy:
    return await busy_months(tmp_path_factory.mktemp("analysis") / "bihuan.db", 600)


async def test_a_product_named_by_a_stranger_runs_nowhere(database: Database, tmp_path: Path) -> None:
    for _ in range(2):
        await live(database, product="=1+1<script>alert(1)</script>")
    report = await analyse(database, MAY, now=LATER, by=("product",))
    page = write_report(report, ReportWording(Locale.EN), tmp_path / "out").read_text("utf-8")
    assert "<script" not in page
    assert "=1+1&lt;script&gt;" in page
    with (tmp_path / "out" / "volumes.csv").open(encoding="utf-8-sig", newline="") as file:
        products = [row["value"] for row in csv.DictReader(file) if row["dimension"] == "product"]
    assert products == ["'=1+1<script>alert(1)</script>"]


@pytest.mark.parametrize(
    "product",
    [
        "=1+1", "+1", "-1", "@SUM(A1)", "＝1+1", "＋1", "－1", "＠SUM(A1)", "﹦1", "﹢1", "﹣1", "﹫A", "−1",
        " =1", "\u3000＝1", "\u200b=1", "\ufeff＝1", "\t=1", "\r=1", "\n=1", "\tplain",
    ],
)  # fmt: skip
def test_no_spreadsheet_takes_a_stranger_s_text_for_a_formula(busy: Busy, product: str) -> None:
    report = replace(busy.report, tables={"one": [{"value": product, "count": -5}]})
    (row,) = csv.DictReader(io.StringIO(report_csv(report)["one"], newline=""))
    assert row == {"value": f"'{product}", "count": "-5"}


@pytest.mark.parametrize("product", ["登录 = 白屏", "a+b", "x-1", "某某@example.com", "", "ERP"])
def test_ordinary_text_is_written_as_it_is(busy: Busy, product: str) -> None:
    report = replace(busy.report, tables={"one": [{"value": product}]})
    assert [row["value"] for row in csv.DictReader(io.StringIO(report_csv(report)["one"]))] in ([product], [])


@pytest.mark.parametrize(
    ("part", "whole", "shown"),
    [
        (2_999, 3_000, ">99.9%"), (1, 3_000, "<0.1%"), (3_000, 3_000, "100.0%"), (0, 3_000, "0.0%"),
        (1_999, 2_000, ">99.9%"), (1, 2_000, "0.1%"), (999, 1_000, "99.9%"), (1, 1_000, "0.1%"), (1, 2, "50.0%"),
    ],
)  # fmt: skip
def test_nearly_all_is_not_all_and_hardly_any_is_not_none(part: int, whole: int, shown: str) -> None:
    assert ReportWording(Locale.EN).percent(part / whole) == shown


def test_what_moved_is_not_said_to_have_moved_by_nothing() -> None:
    wording = ReportWording(Locale.EN)
    assert wording.change(2_999 / 3_000, 1.0, "share").startswith("−<0.1")
    assert wording.change(0.5, 0.5, "share").startswith("±0.0")
    assert wording.change(3_001, 3_000) == "+1 (+<1%)"
    assert wording.change(1, 3_000) == "−2,999 (−>99%)"


@pytest.mark.parametrize("locale", list(Locale))
def test_the_report_opens_anywhere_without_a_network(busy: Busy, locale: Locale) -> None:
    report = busy.report
    page = report_html(report, ReportWording(locale), company="智办公")
    assert set(re.findall(r"https?://[^\"'\s<>]+", page)) <= {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
    }
    assert not re.search(r"<(script|link|iframe|img)\b|@import|url\(", page)
    drawings = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    assert len(drawings) == 11
    written = " ".join("".join(ElementTree.fromstring(drawing).itertext()) for drawing in drawings)
    for word in (
        report_words(locale)["columns"]["received"],
        report_words(locale)["ages"]["over_30d"],
        "智办公CRM系统",
    ):
        assert word in written


def test_what_got_worse_is_said_with_its_numbers_in_both_languages(busy: Busy) -> None:
    report = busy.report
    said: Any = report_json(report, ReportWording(Locale.ZH_CN))["summary"]
    row = rows(report, "headline", "figure")["resolution_kept"]
    finding = next(found for found in report.findings if found.figure == "resolution_kept")
    assert finding.tone is Tone.WORSE
    assert (finding.now, finding.before) == (row["share"], row["previous_share"])
    part = f"{row['kept']}/{row['decided']}"
    assert f"解决按时率由{row['previous_share']:.1%}" in said["zh_CN"] and part in said["zh_CN"]
    assert f"Resolutions in time fell from {row['previous_share']:.1%}" in said["en"] and part in said["en"]
    assert "technical_support" in said["en"]
    assert not re.search(r"[{}]", said["zh_CN"] + said["en"])


async def test_a_quiet_month_is_reported_as_quiet(database: Database, tmp_path: Path) -> None:
    report = await analyse(database, APRIL, now=LATER)
    page = write_report(report, ReportWording(Locale.ZH_CN), tmp_path)
    assert "本期没有受理任何问题" in page.read_text("utf-8")
    assert json.loads((tmp_path / "report.json").read_text("utf-8"))["headline"][0]["count"] == 0
    await live(database, (30 * MINUTE, "reply", "tech-001", {"text": "在查"}))
    first = await analyse(database, MAY, now=LATER)
    assert "上期没有受理记录" in ReportWording(Locale.ZH_CN).paragraph(first)


def test_both_languages_have_every_word() -> None:
    def shape(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: shape(item) for key, item in value.items()}
        return len(value) if isinstance(value, list) else sorted(re.findall(r"\{\w+\}", value))

    chinese, english = shape(report_words(Locale.ZH_CN)), shape(report_words(Locale.EN))
    assert chinese == english
