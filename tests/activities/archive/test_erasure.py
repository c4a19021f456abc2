"""After its time an archived case names nobody in the database any more, and reports still count it (R28, R29)."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update

from activities.analysis.files import report_json
from activities.analysis.period import Period
from activities.analysis.report import analyse
from activities.analysis.wording import ReportWording
from activities.archive.erasure import mask_case
from activities.archive.package import read_package
from activities.database.database import Database
from activities.database.reader import open_reader
from activities.database.tables import metadata, outbox, registration
from activities.intake.form import Form
from activities.knowledge.editing import KnowledgeEditing
from activities.knowledge.search import ArticleSearch
from activities.knowledge.suggestion import suggest
from activities.queries.cases import Cases
from activities.queries.history_export import HistoryExport
from activities.rows import sound
from tests.activities.archive.test_archive import LATER, MUCH_LATER, archiving_of, entry_of, run
from tests.activities.knowledge.test_knowledge import closed
from tests.activities.recording.test_activity import recording_of
from tests.activities.samples import customer, organisation, register_case
from tests.builders import MINUTE, MONDAY, SALES, case_step, command, consulted, kinds, open_case
from workflows.domain.event import EventKind
from workflows.domain.vocabulary import Locale
from workflows.ports import ArchiveRun

SECRETS = ("王芳", "13800138000", "wangfang@example.com", "青禾书店", "wf-1988", "13911112222", "芳姐")
MAY = Period.asked(date(2024, 5, 1), date(2024, 5, 31), "Asia/Shanghai")


async def spoken_of(database: Database) -> str:
    """A closed case in which the customer is named wherever it can be."""
    number = await register_case(
        database,
        customer=customer(company="青禾书店有限公司", wechat="wf-1988"),
        description={"symptom": "王芳的收银台打不出小票", "steps": "打 13800138000 可以找到王女士"},
        impact={"effect": "青禾书店今天不能营业"},
        attachments=["王芳的截图.png"],
        priority_reason="王芳很着急",
    )
    case, events = open_case()
    recording = recording_of(database)
    verified = {"verified": "yes", "why_open": "王芳等不及"}
    steps: list[tuple[str, str, dict[str, Any]]] = [
        ("request_info", "tech-001", {"text": "请王芳补充电话", "fields": ["customer.phone"]}),
        ("supply", "customer", {"text": "换号了", "fields": {"customer.phone": "13911112222"}}),
        ("supply", "customer", {"fields": {"customer.phone": "13800138000", "customer.name": "芳姐"}}),
        ("supply", "customer", {"fields": {"customer.name": "王芳"}}),
        ("progress", "tech-001", {"text": "已致电王女士 13800138000"}),
        ("collaborate", "tech-001", {"department": "sales", "duty": "核对青禾书店的合同"}),
        ("escalate", "tech-001", {"why": "王芳要求经理处理"}),
        ("note", "tech-001", {"text": "芳姐说 wangfang@example.com 收不到"}),
        (
            "resolve",
            "tech-001",
            {"cause": "王芳的驱动旧", "solution": "替王芳更新", **verified},
        ),
        ("refuse", "customer", {"why": "王芳:还是不行"}),
        (
            "resolve",
            "tech-lead",
            {"cause": "线坏了", "solution": "给青禾书店换线", **verified},
        ),
        ("confirm", "customer", {"text": "谢谢,王芳"}),
        ("rate", "customer", {"score": "satisfied", "comment": "王芳 13911112222"}),
    ]
    now = MONDAY
    for name, by, fields in steps:
        view = case.view().model_copy(update={"number": number})
        await recording.record(case_step(view, events))
        now += MINUTE
        told = command(name, by, **fields)
        events = case.handle(told, now, consulted(heads={"sales": "sales-head"}, people=SALES))
        assert EventKind.REJECTED not in kinds(events), (name, events[-1].detail)
    assert case.is_closed
    await recording.record(case_step(case.view().model_copy(update={"number": number}), events))
    return number


async def everything(database: Database) -> str:
    """Every value of every table."""
    async with database.read() as connection:
        tables = [
            (await connection.execute(select(table).order_by(*table.primary_key))).mappings().all()
            for table in metadata.sorted_tables
        ]
    return json.dumps([[dict(row) for row in rows] for rows in tables], ensure_ascii=False, default=str)


async def figures(database: Database) -> Any:
    report = await analyse(database, MAY, now=MUCH_LATER, by=("department", "product", "owner"))
    return report_json(report, ReportWording(Locale.ZH_CN))


async def test_after_its_time_a_case_names_nobody_and_reports_count_it_as_before(
    either: Database, tmp_path: Path
) -> None:
    number = await spoken_of(either)
    await closed(either, "另一个问题", customer=customer(name="李雷"))
    before, counted = await everything(either), await figures(either)
    assert all(secret in before for secret in SECRETS)
    archiving = archiving_of(either, tmp_path, now=lambda: MUCH_LATER)
    done = await run(archiving)
    assert (done.archived, done.masked, done.failed) == (2, 2, 0)
    after = await everything(either)
    assert [secret for secret in (*SECRETS, "李雷", "王女士") if secret in after] == []
    assert await figures(either) == counted
    file = archiving.store.path(str((await entry_of(archiving, number)).file))
    kept = json.dumps(read_package(file), ensure_ascii=False)
    assert all(secret in kept for secret in SECRETS)


async def test_what_is_left_of_a_masked_case_can_still_be_used(either: Database, tmp_path: Path) -> None:
    number = await spoken_of(either)
    before = await Cases(either).get(number)
    await run(archiving_of(either, tmp_path, now=lambda: MUCH_LATER))
    after = await Cases(either).get(number)
    assert before is not None and before.view is not None and after is not None and after.view is not None
    form = Form.model_validate(after.form)
    assert (form.customer.name, form.customer.company, form.customer.phone) == ("[客户]", "[公司]", None)
    assert (form.product, form.type, form.channel) == ("智办公CRM系统", "technical", "portal")
    assert form.description.symptom == "[客户]的收银台打不出小票"
    assert form.attachments == ["[文件]"]
    assert [entry["kind"] for entry in after.timeline] == [entry["kind"] for entry in before.timeline]
    was, is_now = dict(before.view), dict(after.view)
    assert {**is_now, "collaborations": None} == {**was, "collaborations": None}
    (listed,) = await Cases(either).list()
    assert listed.form == after.form
    assert {row.subject for row in await Cases(either).outbox(number)} == {"[已归档 archived]"}
    lines = [line for lines in sound([one async for one in HistoryExport(either).logs()]) for line in lines]
    opening = Form.model_validate(lines[0]["open"])
    assert opening.customer.name == "[客户]"
    async with open_reader(either.address) as reader:
        found = await suggest(reader, "FB0", form.model_dump(mode="json"), type="technical", subtype=None)
    assert [one["number"] for one in found["earlier"]] == [number]
    async with either.read() as connection:
        known = select(func.count()).where(registration.c.customer_phone.is_not(None))
        assert await connection.scalar(known) == 0


async def test_masking_again_changes_nothing(either: Database, tmp_path: Path) -> None:
    number = await spoken_of(either)
    archiving = archiving_of(either, tmp_path, now=lambda: MUCH_LATER)
    await run(archiving)
    once = await everything(either)
    await archiving.mask(number)
    assert (await run(archiving)).masked == 0
    assert await everything(either) == once
    async with either.begin() as connection:
        await mask_case(connection, number, MONDAY)
    assert await everything(either) == once


async def test_an_editor_may_say_what_stands_in_place_of_a_masked_customer(database: Database, tmp_path: Path) -> None:
    number = await closed(database, "the till does not print", customer=customer(name="Ann Lee", locale="en"))
    await run(archiving_of(database, tmp_path, now=lambda: MUCH_LATER))
    (article,) = await ArticleSearch(database.address).list()
    texts = {"solution": "contact the customer of the company"}
    await KnowledgeEditing(database, organisation()).edit(article["key"], by="tech-head", at=MUCH_LATER, fields=texts)
    assert (await ArticleSearch(database.address).get(article["key"]))["solution"] == texts["solution"]
    assert article["number"] == number


@pytest.mark.parametrize("fault", ["missing", "changed", "unreadable"])
async def test_nothing_is_masked_whose_file_is_not_what_was_archived(
    database: Database, tmp_path: Path, fault: str
) -> None:
    number = await spoken_of(database)
    archiving = archiving_of(database, tmp_path)
    await run(archiving)
    path = archiving.store.path(str((await entry_of(archiving, number)).file))
    whole = path.read_bytes()
    path.unlink()
    if fault == "changed":
        path.write_bytes(whole + b" ")
    elif fault == "unreadable":
        path.mkdir()
    later = archiving_of(database, tmp_path, now=lambda: MUCH_LATER)
    done = await run(later)
    assert (done.masked, done.failed) == (0, 1)
    assert done.failures[0].reason == f"not masked: its file 2024/05/{number}.zip is {fault}"
    assert "王芳" in await everything(database)
    (seen,) = [one for one in await Cases(database).attention(MUCH_LATER) if one.reason == "not_archived"]
    assert (seen.number, seen.what) == (number, "mask")
    if fault == "unreadable":
        path.rmdir()
    path.unlink(missing_ok=True)
    await later.archive_case(number)
    assert path.read_bytes() == whole
    assert (await run(later)).masked == 1
    assert "王芳" not in await everything(database)


async def test_a_case_is_masked_in_its_own_time_not_when_it_is_archived(database: Database, tmp_path: Path) -> None:
    await spoken_of(database)
    done = await run(archiving_of(database, tmp_path, now=lambda: LATER))
    assert (done.archived, done.masked) == (1, 0)
    assert "王芳" in await everything(database)


async def test_the_customer_is_told_what_waits_before_the_address_is_taken_away(
    database: Database, tmp_path: Path
) -> None:
    await spoken_of(database)
    await run(archiving_of(database, tmp_path))
    async with database.begin() as connection:
        await connection.execute(update(outbox).values(status="pending"))
    assert (await run(archiving_of(database, tmp_path, now=lambda: MUCH_LATER))) == ArchiveRun(step="done")
