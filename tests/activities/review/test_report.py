"""The report of a review: whole, in both languages and formats, without customers, whatever people wrote (R27)."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from activities.database.database import Database
from activities.rendering.labels import TEMPLATES
from activities.review.draft import account_of
from activities.review.reading import StoredReview, read_review
from activities.review.report import ReviewReport
from activities.review.wording import ReviewWording, review_words
from tests.activities.messages.rendered import parsed
from tests.activities.review.reviewed import AUTHOR, FINDINGS, HEAD, Reviewed, approved, called_for
from tests.activities.samples import organisation
from tests.builders import DAY
from workflows.domain.vocabulary import EventKind, Locale, Priority

_LABELS = {"technical": {"zh_CN": "技术类", "en": "Technical"}} | organisation().labels()
_HOSTILE = (
    "<script>alert(1)</script>\n# 标题\n- 列表\n1. 一\n===\n| a | b |\n> 引用\n```\n=1+1 [x](http://evil.example) "
    "![i](x) **粗** &lt; www.evil.example \x1b[31m\u202e{{ 7*7 }} {% raw %}"
)


async def report_of(review: Reviewed, locale: Locale = Locale.ZH_CN) -> ReviewReport:
    """As `bihuan review report` makes it."""
    file = await read_review(review.recording.database.address, review.number)
    return made_of(file, review, locale)


def made_of(file: StoredReview, review: Reviewed, locale: Locale = Locale.ZH_CN) -> ReviewReport:
    wording = ReviewWording(locale, _LABELS, organisation().names())
    return ReviewReport(file, wording, now=review.now, company="智办公")


def tokens(text: str) -> list[Token]:
    """What a Markdown reader makes of it."""
    made = MarkdownIt("commonmark", {"linkify": False}).enable("table").parse(text)
    return [part for token in made for part in (token, *(token.children or ()))]


def plain(text: str) -> str:
    """The words a reader of Markdown sees."""
    return "".join(token.content for token in tokens(text) if token.type in {"text", "code_inline"})


@pytest.mark.parametrize("locale", Locale)
async def test_an_approved_report_holds_all_that_was_found_out(database: Database, locale: Locale) -> None:
    report = await report_of(await approved(database), locale)
    page = parsed(report.html())
    assert page.open == []
    words = review_words(locale)
    for text in (page.text, plain(report.markdown())):
        for part in (
            "FB202405060001", "云POS", "门店无法收银", "点击保存后提示网络错误", "同步任务超时", "还是不行",
            "连接池没有上限告警", "凌晨的批量任务占满了连接。", "给连接池加上用量告警", "韩梅梅", "告警已上线",
            "2024-06-15 09:00", "没有说明告警为什么没有触发", "周主管", "按期完成", "2024-05-07 14:00", "数据同步失败",
            "Asia/Shanghai", "智办公",
            words["promises"]["missed_due"].format(due="2024-05-06 10:00"), words["promises"]["kept"],
            words["states"]["done"].format(at="2024-05-07 15:00"), *words["sections"].values(),
        ):  # fmt: skip
            if part not in {words["sections"][key] for key in ("newest", "others")}:
                assert part in text, part
        assert words["draft"] not in text
        assert not re.search(r"\{\w*\}|None|\d{4}-\d\d-\d\dT", text)
    assert report.as_json()["draft"] is False


@pytest.mark.parametrize("locale", Locale)
async def test_no_customer_is_in_a_report(database: Database, locale: Locale) -> None:
    review = await (await called_for(database)).begin()
    findings = FINDINGS | {"root_cause": "王芳（13800138000）的环境", "what_happened": "发信给 WangFang@example.com"}
    await review.send("review", HEAD, **findings)
    report = await report_of(review, locale)
    for text in (report.html(), report.markdown(), str(report.as_json())):
        for secret in ("王芳", "13800138000", "angfang@example", "angFang@example"):
            assert secret not in text
    assert "[客户]您好，正在排查，请[电话]" in parsed(report.html()).text


async def test_lines_of_the_draft_that_the_author_left_as_they_were_are_not_told_twice(database: Database) -> None:
    review = await (await called_for(database)).begin()
    file = await read_review(database.address, review.number)
    drafted = account_of(file, ReviewWording(Locale.EN, _LABELS, organisation().names()))
    await review.send("review", HEAD, **FINDINGS | {"what_happened": "\n".join([*drafted, "夜间无人值守。"])})
    report = await report_of(review)
    assert report.addition() == "夜间无人值守。"
    await review.send("return_report", HEAD, why="再想想")
    await review.send("review", HEAD, **FINDINGS | {"what_happened": "\n".join(drafted)})
    assert (await report_of(review)).addition() is None


@pytest.mark.parametrize("locale", Locale)
async def test_a_report_that_nobody_approved_says_so(database: Database, locale: Locale) -> None:
    words = review_words(locale)
    review = await (await called_for(database)).begin()
    empty = await report_of(review, locale)
    assert empty.markdown().count(words["none"]) == 2
    await review.send("review", HEAD, **FINDINGS)
    handed_in = await report_of(review, locale)
    assert words["people"]["waiting"].format(who="周主管") in handed_in.markdown()
    for report in (empty, handed_in):
        assert words["draft"] in parsed(report.html()).text
        assert words["draft"] in report.markdown()
        assert report.as_json()["draft"] is True
    await review.send("end", "operator", reason="与 FB1 的复盘相同")
    ended = await report_of(review, locale)
    assert words["ended"].format(why="与 FB1 的复盘相同") in ended.markdown()
    assert words["states"]["dropped"] in ended.markdown()


async def test_a_repeated_problem_tells_its_newest_case_in_full_and_the_others_in_a_line_each(
    database: Database,
) -> None:
    report = await report_of(await approved(database, cases=5, priority=Priority.P3))
    steps = report.tables.steps()
    assert report.tables.newest.number == "FB202405060005"
    assert steps.rows[0][0].text == "2024-05-06 13:00"
    assert len(steps.rows) > 8
    others: list[dict[str, Any]] = [*report.tables.others().as_json()]
    assert [row["编号"] for row in others] == [f"FB20240506000{index}" for index in range(1, 5)]
    assert "解决 2024-05-06 12:20；原因：同步任务超时；方案：已扩容 并补同步" in others[0]["经过"]
    assert len(report.tables.cases().rows) == len(report.tables.impact().rows) == 5
    assert "共 5 个" in report.html()
    one = await report_of(await approved(database))
    assert one.tables.others().rows == []
    assert review_words(Locale.ZH_CN)["sections"]["others"] not in one.html() + one.markdown()


async def test_what_is_late_is_marked(database: Database) -> None:
    review = await approved(database)
    await review.pass_(90 * DAY)
    rows = (await report_of(review)).tables.measures().rows
    assert [(row[4].text, row[4].alert) for row in rows] == [("2024-05-07 15:00 完成", False), ("已逾期", True)]
    assert '<td class="alert">已逾期</td>' in (await report_of(review)).html()
    await review.send("measure_done", AUTHOR, measure=2)
    report = await report_of(review)
    state = report.tables.measures().rows[1][4]
    assert state.alert
    assert "完成（逾期）" in state.text
    assert "改进措施已全部完成" in report.markdown()


async def test_a_report_that_was_written_late_tells_until_when_it_was_due(database: Database) -> None:
    review = await (await called_for(database)).begin()
    await review.pass_(9 * DAY)
    assert "报告没有在 2024-05-14 09:00 前提交" in (await report_of(review)).markdown()


async def test_whatever_people_write_stays_text(database: Database) -> None:
    file = await read_review(database.address, (review := await approved(database)).number)
    said = dict.fromkeys(("text", "why", "cause", "solution", "comment"), _HOSTILE)
    case, told = file.covered[0], [*map(dict[str, Any], file.covered[0].timeline)]
    entries: Any = tuple({**one, "detail": {**one["detail"], **said}} for one in told)
    form: Any = case.form | {"product": _HOSTILE, "impact": {"effect": _HOSTILE}, "description": {"symptom": _HOSTILE}}
    assert file.view is not None
    recorded: dict[str, Any] = dict(file.view)
    view: Any = recorded | {
        "product": _HOSTILE,
        "findings": recorded["findings"] | {"root_cause": _HOSTILE, "what_happened": _HOSTILE},
        "measures": [one | {"what": _HOSTILE, "result": _HOSTILE} for one in recorded["measures"]],
    }
    own = tuple({**one, "detail": {**one["detail"], "why": _HOSTILE, "text": _HOSTILE}} for one in file.timeline)
    evil = replace(file, view=view, timeline=own, covered=(replace(case, timeline=entries, form=form),))
    report, harmless = made_of(evil, review), made_of(file, review)

    page, text = report.html(), report.markdown()
    assert parsed(page).open == []
    assert not {"script", "img", "a"} & set(parsed(page).seen)
    assert "{{ 7*7 }}" in parsed(page).text
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", page + text)

    kinds = [token.type for token in tokens(text)]
    assert not {"html_block", "html_inline", "link_open", "image", "fence", "code_block", "hr"} & set(kinds)
    for kind in ("heading_open", "table_open", "tr_open", "td_open", "bullet_list_open", "ordered_list_open"):
        assert kinds.count(kind) == [token.type for token in tokens(harmless.markdown())].count(kind), kind
    assert "<script>alert(1)</script>" in plain(text)
    assert "http://evil" not in text
    assert "www.evil" not in text


async def test_a_case_of_any_shape_is_reported(database: Database) -> None:
    review = await approved(database)
    file = await read_review(database.address, review.number)
    forms: list[Any] = [{}, {"customer": None, "description": "text", "impact": 3, "product": 5}]
    for form in forms:
        bare = replace(file, covered=(replace(file.covered[0], form=form, view=None, timeline=()),))
        made = made_of(bare, review)
        assert made.html()
        assert made.markdown()


def test_both_languages_tell_the_same_steps() -> None:
    chinese, english = review_words(Locale.ZH_CN), review_words(Locale.EN)
    assert chinese.keys() == english.keys()
    for section, words in chinese.items():
        if isinstance(words, dict):
            assert words.keys() == english[section].keys(), section
    assert set(chinese["steps"]) <= set(EventKind)
    for name in ("review.html", "review.md"):
        assert all((TEMPLATES / locale / "report" / name).is_file() for locale in Locale)
