"""The stories: what customers send in, and how it has to end."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from activities.queries.case_record import CaseRecord
from starter.demo.outside.correspondent import Letter
from starter.demo.stories.forms import form
from starter.demo.stories.scripts import (
    MOBILE,
    dissatisfied,
    holiday,
    incomplete,
    letters,
    missed_update,
    never_rated,
    p0,
    refused,
    repeated,
    telephone,
    three_departments,
    untouched_p1,
)
from starter.demo.stories.story import Story, happened, said
from starter.demo.week import HOLIDAY, at
from workflows.domain.event import EventKind
from workflows.domain.vocabulary import ClockName, Via


def _quiet_on_the_holiday(file: CaseRecord) -> bool:
    alarms = {EventKind.WARNED, EventKind.LAPSED, EventKind.ESCALATED}
    return not any(
        entry["kind"] in alarms and HOLIDAY[0] <= datetime.fromisoformat(str(entry["at"])) < HOLIDAY[1]
        for entry in file.timeline
    )


def _view(file: CaseRecord, key: str) -> Any:
    view: Any = file.view
    return view[key] if view else None


STORIES = (
    Story(
        "urgent_answered",
        "P0 紧急故障,迅速恢复 · urgent, answered at once",
        at(15, "09:00"),
        form(
            "hotline", "王芳", "智办公支付", "全部门店支付系统全面中断,无法收款",
            type="technical", subtype="功能障碍", priority="P0",
            impact={"blocks_normal_use": True, "effect": "全部门店无法营业"},
        ),
        p0,
        "satisfied",
        {
            "首次响应在时限内 first response in time": lambda file: (
                not happened(file, EventKind.LAPSED, clock=ClockName.RESPONSE)
            ),
            "派发给一位负责人 dispatched to one owner": lambda file: happened(file, EventKind.DISPATCHED) == 1,
        },
    ),
    Story(
        "untouched_climbs",
        "P1 无人处理,自动升级两级 · nobody touches it, two levels up",
        at(15, "09:05"),
        form(
            "app", "李明", "智办公CRM系统", "客户资料数据同步失败,大量用户看不到新客户",
            type="technical", subtype="数据同步失败", priority="P1",
        ),
        untouched_p1,
        "satisfied",
        {
            "没人确认,升级到第二级 nobody acknowledged, second level reached": lambda file: (
                happened(file, EventKind.ESCALATED, level=2, why=ClockName.ESCALATION) == 1
            ),
            "重新指派 handed over": lambda file: happened(file, EventKind.HANDED_OVER) == 1,
        },
    ),
    Story(
        "incomplete_completed",
        "信息不全,客户补充后继续 · incomplete form, completed later",
        at(15, "09:08"),
        form(
            "portal", "赵敏", "智办公报表", "导出报表总是报错",
            type="technical", subtype="软件错误", priority="P2",
            description={"symptom": "导出报表总是报错", "steps": "", "expected": "", "actual": ""},
        ),
        incomplete,
        "satisfied",
        {
            "请客户补充 asked": lambda file: happened(file, EventKind.INFORMATION_REQUESTED) == 1,
            "从网页提交 handed in by the pages": lambda file: str(file.form["intake_key"]).startswith("web-"),
            "用链接补充并上传文件 supplied by the link, with a file": lambda file: (
                said(file, EventKind.SUPPLIED, Via.LINK) and happened(file, EventKind.ATTACHED) == 1
            ),
            "补充后派发 dispatched after the answer": lambda file: happened(file, EventKind.DISPATCHED) == 1,
        },
    ),
    Story(
        "over_a_holiday",
        "P2 跨周末和端午节 · over a weekend and a public holiday",
        at(18, "16:00"),
        form(
            "email", "陈杰", "智办公打印", "打印出来的单据缺少文字",
            type="technical", subtype="功能障碍", priority="P2",
        ),
        holiday,
        "satisfied",
        {
            "节假日没有告警 no alarm on the holiday": _quiet_on_the_holiday,
            "没有超时 nothing missed": lambda file: not _view(file, "breaches"),
        },
    ),
    Story(
        "missed_update",
        "漏掉24小时进展 · a missed 24-hour update",
        at(15, "09:10"),
        form(
            "chat", "周婷", "智办公CRM系统", "列表页数据显示旧的内容",
            type="technical", subtype="软件错误", priority="P2",
        ),
        missed_update,
        "satisfied",
        {
            "漏报升级 escalated": lambda file: happened(file, EventKind.ESCALATED, why=ClockName.PROGRESS) >= 1,
            "用验证码确认 confirmed after a one-time code": lambda file: said(file, EventKind.CONFIRMED, Via.CODE),
            "必须说明原因 had to be explained": lambda file: happened(file, EventKind.REJECTED) == 1,
        },
    ),
    Story(
        "dissatisfied_reopened",
        "客户不满意,升级重办 · dissatisfied, handled anew higher up",
        at(15, "09:12"),
        form(
            "social", "孙丽", "会员服务", "投诉客服态度差,退款没人处理",
            type="service", subtype="服务态度", priority="P2",
        ),
        dissatisfied,
        "satisfied",
        {
            "重开一次 reopened once": lambda file: _view(file, "reopened") == 1,
            "优先级提高 priority raised": lambda file: _view(file, "priority") == "P1",
            "由主管负责 a supervisor owns it": lambda file: _view(file, "owner") == "after-lead",
        },
    ),
    Story(
        "refused_reopened",
        "客户拒绝方案 · the solution is refused",
        at(15, "09:15"),
        form(
            "account_manager", "吴强", "企业采购", "发票抬头和税号开错了",
            type="transaction", subtype="发票开具", priority="P2",
        ),
        refused,
        "satisfied",
        {
            "重开一次 reopened once": lambda file: _view(file, "reopened") == 1,
            "由主管负责 a supervisor owns it": lambda file: _view(file, "owner") == "sales-lead",
            "更正了评价 the rating is corrected": lambda file: _view(file, "satisfaction") == "very_satisfied",
        },
    ),
    Story(
        "three_departments",
        "P1 三个部门协作,一个超时 · three departments, one of them late",
        at(15, "09:20"),
        form(
            "hotline", "郑凯", "智办公收银", "高峰时段大量门店收银请求被拒绝",
            type="technical", subtype="功能障碍", priority="P1",
            impact={"blocks_normal_use": True, "effect": "12家门店排队"},
        ),
        three_departments,
        "satisfied",
        {
            "三个部门都有答复 all three answered": lambda file: happened(file, EventKind.CONTRIBUTED) == 3,
            "一个部门超时一次 one was late once": lambda file: (
                happened(file, EventKind.COLLABORATION_LATE) == 1
                and happened(file, EventKind.COLLABORATION_LATE, department="product") == 1
            ),
            "在部门内升级 escalated inside it": lambda file: (
                happened(file, EventKind.COLLABORATION_ESCALATED, to="product-lead") == 1
            ),
            "缺一个部门不能解决 not solved while one was open": lambda file: happened(file, EventKind.REJECTED) == 1,
        },
    ),
    Story(
        "repeated_problem",
        "五个来电同一原因,一次复盘 · five callers, one cause, one review",
        at(15, "09:21"),
        form(
            "hotline", "顾敏", "智能门禁", "刷卡没有反应,后台提示认证失败",
            type="technical", subtype="登录异常", priority="P2",
        ),
        repeated,
        "satisfied",
        {"四个案件随之解决 four follow it": lambda file: len(_view(file, "linked") or ()) == 4},
    ),
    Story(
        "accepted_unrated",
        "接受后一直不评价 · accepted and never rated",
        at(15, "09:18"),
        form(
            "app", "Anna Schmidt", "Zhi Office", "How can I schedule an export every week?",
            type="enquiry", subtype="使用方法", priority="P3",
            customer={
                "name": "Anna Schmidt", "kind": "individual", "email": "anna@example.com",
                "preferred_contact": "email", "locale": "en",
            },
        ),
        never_rated,
        "accepted",
        {
            "提醒过评价 reminded": lambda file: happened(file, EventKind.WARNED, clock=ClockName.RATING) >= 1,
            "没有评价 no rating": lambda file: _view(file, "satisfaction") is None,
        },
    ),
    Story(
        "letters_only",
        "客户只写邮件 · a customer who only writes mails",
        at(15, "09:03"),
        Letter(
            "秦岚", "qinlan@example.net", "如何导入旧的客户资料",
            "您好,我们刚开始用智办公CRM系统,请问如何把旧系统里的客户资料导入?谢谢。\n秦岚",
        ),
        letters,
        "satisfied",
        {
            "来信登记为问题 the mail became a case": lambda file: str(file.form["intake_key"]).startswith("mail:"),
            "回信进入案件 the answer reached its case": lambda file: said(file, EventKind.CUSTOMER_WROTE, Via.MAIL),
            "回信不算确认,用链接确认 confirmed by the link": lambda file: said(file, EventKind.CONFIRMED, Via.LINK),
        },
    ),
    Story(
        "telephone_only",
        "客户只有电话 · a customer with only a telephone",
        at(15, "09:06"),
        form(
            "hotline", "钱伟", "智办公考勤", "考勤机连不上服务器,员工打卡没有记录",
            type="technical", subtype="功能障碍", priority="P2",
            customer={"name": "钱伟", "kind": "individual", "phone": MOBILE, "preferred_contact": "phone"},
        ),
        telephone,
        "satisfied",
        {
            "由人电话告知 told by a person": lambda file: happened(file, EventKind.FEEDBACK_GIVEN) >= 2,
            "电话告知后才算首次响应 the first reply counts once it was told": lambda file: (
                happened(file, EventKind.FEEDBACK_GIVEN, answered=True) == 1
            ),
        },
    ),
)  # fmt: skip
