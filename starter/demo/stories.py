"""The eight stories, in a week with a public holiday: Dragon Boat Festival 2026, Friday to Sunday."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from activities.casefile import CaseFile
from starter.demo.player import Player
from starter.demo.story import Story, happened
from workflows.domain.event import EventKind
from workflows.domain.virtual_time import Pace, VirtualTime
from workflows.domain.vocabulary import ClockName

_ZONE = ZoneInfo("Asia/Shanghai")


def at(day: int, clock: str) -> datetime:
    """A moment of June 2026, company time: Monday is the 15th, the holiday the 19th to the 21st."""
    hour, _, minute = clock.partition(":")
    return datetime(2026, 6, day, int(hour), int(minute), tzinfo=_ZONE)


START = at(15, "08:58")
HOLIDAY = (at(19, "00:00"), at(22, "00:00"))


def demo_time(real_start: datetime) -> VirtualTime:
    """Minutes count on Monday morning; nights and days without work pass in seconds."""
    return VirtualTime(
        speed=240,
        real_start=real_start,
        virtual_start=START,
        paces=(
            Pace(since=at(15, "09:25"), speed=800),
            Pace(since=at(15, "13:00"), speed=9_000),
            Pace(since=at(16, "09:00"), speed=1_500),
            Pace(since=at(16, "12:00"), speed=36_000),
            Pace(since=at(18, "15:50"), speed=1_500),
            Pace(since=at(18, "18:00"), speed=30_000),
            Pace(since=at(22, "09:30"), speed=1_500),
            Pace(since=at(22, "11:30"), speed=40_000),
        ),
    )


def _form(channel: str, name: str, product: str, symptom: str, **more: Any) -> dict[str, Any]:
    form: dict[str, Any] = {
        "intake_key": f"demo-{name}",
        "channel": channel,
        "customer": {"name": name, "kind": "individual", "email": "kehu@example.com", "preferred_contact": "email"},
        "product": product,
        "type": None,
        "subtype": None,
        "occurred_at": (START - timedelta(hours=1)).isoformat(timespec="minutes"),
        "description": {
            "symptom": symptom,
            "steps": "登录后按平时的步骤操作",
            "expected": "一切正常",
            "actual": symptom,
        },
        "impact": {"blocks_normal_use": False, "effect": ""},
        "hoped_for": "24小时内",
        "attachments": [],
        "received_by": "agent-001",
        "priority": None,
    }
    return form | more


# ------------------------------------------------------------------ 1


async def _p0(play: Player) -> None:
    await play.until(at(15, "09:02"))
    await play.send("claim")
    await play.until(at(15, "09:06"))
    await play.send("reply", text="已确认支付网关全面中断,正在切换备用通道。")
    await play.until(at(15, "09:40"))
    await play.send("progress", text="备用通道已启用,正在恢复排队的订单。")
    await play.until(at(15, "10:10"))
    await play.send(
        "resolve",
        cause="支付网关证书过期。",
        solution="已更换证书,全部支付恢复正常。",
        prevention="证书到期前30天自动提醒。",
        verified="yes",
    )
    await play.until(at(15, "10:40"))
    await play.customer("confirm", text="恢复了,谢谢")
    await play.until(at(15, "10:45"))
    await play.customer("rate", score="very_satisfied", comment="很快")


# ------------------------------------------------------------------ 2


async def _untouched_p1(play: Player) -> None:
    await play.when("升级两级 two levels up", lambda file: happened(file, EventKind.ESCALATED) >= 2)
    await play.send("acknowledge", "tech-head", text="我来安排")
    await play.send("assign", "tech-head", to="tech-003", why="原负责人不在岗")
    await play.when("移交 handed over", lambda file: bool(file.view and file.view["owner"] == "tech-003"))
    await play.send("claim")
    await play.send("reply", text="抱歉久等,已由工程师接手,正在查同步日志。")
    await play.until(at(15, "12:00"))
    await play.send("resolve", cause="同步任务积压。", solution="已扩容并补齐全部数据。", verified="yes")
    await play.until(at(15, "12:20"))
    await play.customer("confirm")
    await play.until(at(15, "12:30"))
    await play.customer("rate", score="satisfied")


# ------------------------------------------------------------------ 3


async def _incomplete(play: Player) -> None:
    await play.until(at(15, "10:30"))
    await play.customer("supply", fields={"description.steps": "报表中心,选上月,点击导出"})
    await play.when("派发 dispatched", lambda file: bool(file.view and file.view["owner"]))
    await play.until(at(15, "10:45"))
    await play.send("claim")
    await play.send("reply", text="谢谢,已按您的步骤复现。")
    await play.until(at(15, "12:05"))
    await play.send("resolve", cause="导出超过一万行时超时。", solution="已改为后台导出并邮件通知。", verified="yes")
    await play.until(at(15, "12:40"))
    await play.customer("rate", score="satisfied")


# ------------------------------------------------------------------ 4


async def _holiday(play: Player) -> None:
    await play.until(at(18, "16:15"))
    await play.send("claim")
    await play.until(at(18, "16:40"))
    await play.send("reply", text="收到,节后第一个工作日上午给您结果。")
    await play.until(at(18, "17:30"))
    await play.send("progress", text="已定位到打印模板。")
    await play.until(at(22, "10:00"))
    await play.send("resolve", cause="模板字体缺失。", solution="已补齐字体。", verified="yes")
    await play.until(at(22, "10:30"))
    await play.customer("confirm")
    await play.until(at(22, "10:45"))
    await play.customer("rate", score="satisfied")


def _quiet_on_the_holiday(file: CaseFile) -> bool:
    alarms = {EventKind.WARNED, EventKind.LAPSED, EventKind.ESCALATED}
    return not any(
        entry["kind"] in alarms and HOLIDAY[0] <= datetime.fromisoformat(str(entry["at"])) < HOLIDAY[1]
        for entry in file.timeline
    )


# ------------------------------------------------------------------ 5


async def _missed_update(play: Player) -> None:
    await play.until(at(15, "09:35"))
    await play.send("claim")
    await play.until(at(15, "09:50"))
    await play.send("reply", text="已开始排查。")
    await play.when(
        "漏掉进展 missed update", lambda file: happened(file, EventKind.LAPSED, clock=ClockName.PROGRESS) >= 1
    )
    await play.send("acknowledge", "tech-lead")
    await play.send("progress", accepted=False, text="已定位原因。")
    await play.send("progress", text="已定位原因,方案测试中。", why="昨天下午在客户现场,没有更新。")
    await play.until(at(16, "11:00"))
    await play.send("resolve", cause="缓存未刷新。", solution="已修复缓存策略。", verified="yes")
    await play.until(at(16, "11:20"))
    await play.customer("confirm")
    await play.until(at(16, "11:30"))
    await play.customer("rate", score="satisfied")


# ------------------------------------------------------------------ 6


async def _dissatisfied(play: Player) -> None:
    await play.until(at(15, "09:45"))
    await play.send("claim")
    await play.send("reply", text="非常抱歉,我们马上核实。")
    await play.until(at(15, "10:15"))
    await play.send("resolve", cause="客服转接三次。", solution="已向您致歉并培训当班人员。")
    await play.until(at(15, "10:30"))
    await play.customer("confirm")
    await play.until(at(15, "10:50"))
    await play.customer("rate", score="dissatisfied", comment="退款还是没有到账")
    await play.when("重开 reopened", lambda file: happened(file, EventKind.REOPENED) == 1)
    await play.send("claim")
    await play.send("reply", text="由我亲自跟进您的退款。")
    await play.until(at(15, "11:50"))
    await play.send("resolve", cause="退款单未提交。", solution="退款已到账,并补偿一个月会员。")
    await play.until(at(15, "12:15"))
    await play.customer("rate", score="very_satisfied", comment="这次满意")


# ------------------------------------------------------------------ 7


async def _refused(play: Player) -> None:
    await play.until(at(15, "09:50"))
    await play.send("claim")
    await play.send("reply", text="正在核对开票信息。")
    await play.until(at(15, "10:20"))
    await play.send("resolve", cause="抬头填写有误。", solution="已重新开具发票。")
    await play.until(at(15, "11:00"))
    await play.customer("refuse", why="新发票的税号还是错的")
    await play.when("重开 reopened", lambda file: happened(file, EventKind.REOPENED) == 1)
    await play.send("claim")
    await play.send("reply", text="抱歉,我来和财务逐项核对。")
    await play.until(at(15, "12:00"))
    await play.send("resolve", cause="税号在系统中未更新。", solution="税号已更正,发票已重开并寄出。")
    await play.until(at(15, "12:25"))
    await play.customer("confirm")
    await play.until(at(15, "12:35"))
    await play.customer("rate", score="satisfied")


# ------------------------------------------------------------------ 8


async def _never_rated(play: Player) -> None:
    await play.until(at(15, "10:00"))
    await play.send("claim")
    await play.send("reply", text="Yes, exports can be scheduled; here is how.")
    await play.until(at(15, "10:25"))
    await play.send(
        "resolve", cause="Enquiry.", solution="Settings, Exports, Schedule; a guide is attached to the mail."
    )
    await play.until(at(15, "11:10"))
    await play.customer("confirm")
    await play.when("自动关闭 closed by itself", lambda file: happened(file, EventKind.CLOSED) == 1)


def _view(file: CaseFile, key: str) -> Any:
    return file.view[key] if file.view else None


STORIES = (
    Story(
        "urgent_answered",
        "P0 紧急故障,迅速恢复 · urgent, answered at once",
        at(15, "09:00"),
        _form(
            "hotline", "王芳", "智办公支付", "全部门店支付系统全面中断,无法收款",
            type="technical", subtype="功能障碍", priority="P0",
            impact={"blocks_normal_use": True, "effect": "全部门店无法营业"},
        ),
        _p0,
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
        _form(
            "portal", "李明", "智办公CRM系统", "客户资料数据同步失败,大量用户看不到新客户",
            type="technical", subtype="数据同步失败", priority="P1",
        ),
        _untouched_p1,
        "satisfied",
        {
            "升级到第二级 second level reached": lambda file: happened(file, EventKind.ESCALATED, level=2) == 1,
            "重新指派 handed over": lambda file: happened(file, EventKind.HANDED_OVER) == 1,
        },
    ),
    Story(
        "incomplete_completed",
        "信息不全,客户补充后继续 · incomplete form, completed later",
        at(15, "09:08"),
        _form(
            "form", "赵敏", "智办公报表", "导出报表总是报错",
            type="technical", subtype="软件错误", priority="P2",
            description={"symptom": "导出报表总是报错", "steps": "", "expected": "", "actual": ""},
        ),
        _incomplete,
        "satisfied",
        {
            "请客户补充 asked": lambda file: happened(file, EventKind.INFORMATION_REQUESTED) == 1,
            "补充后派发 dispatched after the answer": lambda file: happened(file, EventKind.DISPATCHED) == 1,
        },
    ),
    Story(
        "over_a_holiday",
        "P2 跨周末和端午节 · over a weekend and a public holiday",
        at(18, "16:00"),
        _form(
            "email", "陈杰", "智办公打印", "打印出来的单据缺少文字",
            type="technical", subtype="功能障碍", priority="P2",
        ),
        _holiday,
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
        _form(
            "chat", "周婷", "智办公CRM系统", "列表页数据显示旧的内容",
            type="technical", subtype="软件错误", priority="P2",
        ),
        _missed_update,
        "satisfied",
        {
            "漏报升级 escalated": lambda file: happened(file, EventKind.ESCALATED, why=ClockName.PROGRESS) >= 1,
            "必须说明原因 had to be explained": lambda file: happened(file, EventKind.REJECTED) == 1,
        },
    ),
    Story(
        "dissatisfied_reopened",
        "客户不满意,升级重办 · dissatisfied, handled anew higher up",
        at(15, "09:12"),
        _form(
            "social", "孙丽", "会员服务", "投诉客服态度差,退款没人处理",
            type="service", subtype="服务态度", priority="P2",
        ),
        _dissatisfied,
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
        _form(
            "account_manager", "吴强", "企业采购", "发票抬头和税号开错了",
            type="transaction", subtype="发票开具", priority="P2",
        ),
        _refused,
        "satisfied",
        {
            "重开一次 reopened once": lambda file: _view(file, "reopened") == 1,
            "由主管负责 a supervisor owns it": lambda file: _view(file, "owner") == "sales-lead",
        },
    ),
    Story(
        "accepted_unrated",
        "接受后一直不评价 · accepted and never rated",
        at(15, "09:18"),
        _form(
            "app", "Anna Schmidt", "Zhi Office", "How can I schedule an export every week?",
            type="enquiry", subtype="使用方法", priority="P3",
            customer={
                "name": "Anna Schmidt", "kind": "individual", "email": "anna@example.com",
                "preferred_contact": "email", "locale": "en",
            },
        ),
        _never_rated,
        "accepted",
        {
            "提醒过评价 reminded": lambda file: happened(file, EventKind.WARNED, clock=ClockName.RATING) >= 1,
            "没有评价 no rating": lambda file: _view(file, "satisfaction") is None,
        },
    ),
)  # fmt: skip
