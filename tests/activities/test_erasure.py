"""After its time an archived case names nobody in the database any more, and reports still count it (R28, R29)."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update

from activities.analysis.document import report_json
from activities.analysis.period import Period
from activities.analysis.report import analyse
from activities.analysis.wording import Speech
from activities.archive.package import read_package
from activities.articles import Articles
from activities.database import Database
from activities.form import Form
from activities.knowledge import Knowledge
from activities.past import Past
from activities.reader import open_reader
from activities.reading import Cases
from activities.suggestion import suggest
from activities.tables import metadata, outbox, registration
from tests.activities.samples import customer, organisation, register_case
from tests.activities.test_archive import LATER, MUCH_LATER, archiving_of, entry_of, run
from tests.activities.test_knowledge import closed, recording_of
from tests.scenes import MINUTE, MONDAY, command, open_case
from workflows.domain.vocabulary import Locale
from workflows.ports import ArchiveRun, Record

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
    steps = [
        ("request_info", "tech-001", {"text": "请王芳补充电话", "fields": ["customer.phone"]}),
        ("supply", "customer", {"text": "换号了", "fields": {"customer.phone": "13911112222"}}),
        ("supply", "customer", {"fields": {"customer.phone": "13800138000", "customer.name": "芳姐"}}),
        ("supply", "customer", {"fields": {"customer.name": "王芳"}}),
        ("progress", "tech-001", {"text": "已致电王女士 13800138000"}),
        ("collaborate", "tech-001", {"department": "sales", "duty": "核对青禾书店的合同"}),
        ("escalate", "tech-001", {"why": "王芳要求经理处理"}),
        ("note", "tech-001", {"text": "芳姐说 wangfang@example.com 收不到"}),
        ("resolve", "tech-001", {"cause": "王芳的驱动旧", "solution": "替王芳更新", "verified": "yes", "why_open": "x"}),
        ("refuse", "customer", {"why": "王芳:还是不行"}),
        ("resolve", "tech-lead", {"cause": "线坏了", "solution": "给青禾书店换线", "verified": "yes"}),
        ("confirm", "customer", {"text": "谢谢,王芳"}),
        ("rate", "customer", {"score": "satisfied", "comment": "王芳 13911112222"}),
    ]
    now = MONDAY
    for name, by, fields in steps:
        view = case.view().model_copy(update={"number": number})
        await recording.record(Record(view=view, events=tuple(events)))
        now += MINUTE
        told = command(name, by, **fields)
        events = case.handle(told, now, facts_for(case, told))
        assert events[-1].kind != "rejected", (name, events[-1].detail)
    assert case.is_closed
    await recording.record(
        Record(view=case.view().model_copy(update={"number": number}), events=tuple(events)),
    )
    return number


def facts_for(case: Any, told: Any) -> Any:
    from tests.scenes import consultation

    return consultation(case, told)


async def everything(database: Database) -> str:
    """Every value of every table."""
    async with database.read() as connection:
        tables = [(await connection.execute(select(table))).mappings().all() for table in metadata.sorted_tables]
    return json.dumps([[dict(row) for row in rows] for rows in tables], ensure_ascii=False, default=str)


async def figures(database: Database) -> Any:
    report = await analyse(database, MAY, now=MUCH_LATER, by=("department", "product", "owner"))
    return report_json(report, Speech(Locale.ZH_CN))
