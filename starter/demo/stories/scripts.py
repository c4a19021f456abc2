"""The scripts of the stories: what the people of each story do, and when."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from activities.queries.case_record import CaseRecord
from starter.demo.actor import Actor
from starter.demo.failure import StoryFailedError
from starter.demo.stories.forms import CALLERS
from starter.demo.stories.story import happened
from starter.demo.week import at
from workflows.domain.event import EventKind
from workflows.domain.vocabulary import ClockName

MOBILE = "13800138000"
"""Of the customer who has only a telephone."""


async def p0(actor: Actor) -> None:
    """An urgent fault, answered within minutes."""
    await actor.send("claim")
    await actor.until(at(15, "09:04"))
    await actor.send("reply", text="已确认支付网关全面中断,正在切换备用通道。")
    await actor.until(at(15, "09:40"))
    await actor.send("progress", text="备用通道已启用,正在恢复排队的订单。")
    await actor.until(at(15, "10:10"))
    await actor.send(
        "resolve",
        cause="支付网关证书过期。",
        solution="已更换证书,全部支付恢复正常。",
        prevention="证书到期前30天自动提醒。",
        verified="yes",
    )
    await actor.until(at(15, "10:40"))
    await actor.on_the_telephone("confirm", text="恢复了,谢谢")
    await actor.until(at(15, "10:45"))
    await actor.on_the_telephone("rate", score="very_satisfied", comment="很快")


async def untouched_p1(actor: Actor) -> None:
    """Nobody claims it; it climbs to the head of the department."""
    await actor.when("升级两级 two levels up", lambda file: happened(file, EventKind.ESCALATED) >= 2)
    head = actor.escalated_to
    await actor.send("acknowledge", head, text="我来安排")
    await actor.send("assign", head, to="tech-003", why="原负责人不在岗")
    await actor.when("移交 handed over", lambda file: bool(file.view and file.view["owner"] == "tech-003"))
    await actor.send("claim")
    await actor.send("reply", text="抱歉久等,已由工程师接手,正在查同步日志。")
    await actor.until(at(15, "12:00"))
    await actor.send("resolve", cause="同步任务积压。", solution="已扩容并补齐全部数据。", verified="yes")
    await actor.until(at(15, "12:20"))
    await actor.customer("confirm")
    await actor.until(at(15, "12:30"))
    await actor.customer("rate", score="satisfied")


async def incomplete(actor: Actor) -> None:
    """The customer is asked for what is missing, and answers."""
    await actor.until(at(15, "10:30"))
    await actor.customer(
        "supply",
        fields={"description.steps": "报表中心,选上月,点击导出"},
        files={"导出报错.txt": "导出失败: 超时 (10000 行)".encode()},
    )
    await actor.when("派发 dispatched", lambda file: bool(file.view and file.view["owner"]))
    await actor.until(at(15, "10:45"))
    await actor.send("claim")
    await actor.send("reply", text="谢谢,已按您的步骤复现。")
    await actor.until(at(15, "12:05"))
    await actor.send("resolve", cause="导出超过一万行时超时。", solution="已改为后台导出并邮件通知。", verified="yes")
    await actor.until(at(15, "12:30"))
    await actor.customer("confirm")
    await actor.customer("rate", score="satisfied")


async def holiday(actor: Actor) -> None:
    """Three days on which nobody works and nothing is due."""
    await actor.send("claim")
    await actor.until(at(18, "16:20"))
    await actor.send("reply", text="收到,节后第一个工作日上午给您结果。")
    await actor.until(at(18, "17:30"))
    await actor.send("progress", text="已定位到打印模板。")
    await actor.until(at(22, "10:00"))
    await actor.send("resolve", cause="模板字体缺失。", solution="已补齐字体。", verified="yes")
    await actor.until(at(22, "10:30"))
    await actor.customer("confirm")
    await actor.until(at(22, "10:45"))
    await actor.customer("rate", score="satisfied")


async def missed_update(actor: Actor) -> None:
    """An update is forgotten, escalates, and has to be explained."""
    await actor.until(at(15, "09:20"))
    await actor.send("claim")
    await actor.until(at(15, "09:50"))
    await actor.send("reply", text="已开始排查。")
    await actor.let_in_by_code()
    await actor.when(
        "漏掉进展 missed update", lambda file: happened(file, EventKind.LAPSED, clock=ClockName.PROGRESS) >= 1
    )
    await actor.send("acknowledge", actor.escalated_to)
    await actor.send("progress", accepted=False, text="已定位原因。")
    await actor.send("progress", text="已定位原因,方案测试中。", why="昨天下午在客户现场,没有更新。")
    await actor.until(at(16, "11:00"))
    await actor.send("resolve", cause="缓存未刷新。", solution="已修复缓存策略。", verified="yes")
    await actor.until(at(16, "11:20"))
    await actor.customer("confirm")
    await actor.until(at(16, "11:30"))
    await actor.customer("rate", score="satisfied")


async def dissatisfied(actor: Actor) -> None:
    """A dissatisfied customer gets a supervisor and a faster promise."""
    await actor.until(at(15, "09:45"))
    await actor.send("claim")
    await actor.send("reply", text="非常抱歉,我们马上核实。")
    await actor.until(at(15, "10:15"))
    await actor.send("resolve", cause="客服转接三次。", solution="已向您致歉并培训当班人员。")
    await actor.until(at(15, "10:30"))
    await actor.customer("confirm")
    await actor.until(at(15, "10:50"))
    await actor.customer("rate", score="dissatisfied", comment="退款还是没有到账")
    await actor.when("重开 reopened", lambda file: happened(file, EventKind.REOPENED) == 1)
    await actor.send("claim")
    await actor.send("reply", text="由我亲自跟进您的退款。")
    await actor.until(at(15, "11:50"))
    await actor.send("resolve", cause="退款单未提交。", solution="退款已到账,并补偿一个月会员。")
    await actor.until(at(15, "12:15"))
    await actor.customer("confirm")
    await actor.customer("rate", score="very_satisfied", comment="这次满意")


async def refused(actor: Actor) -> None:
    """The solution is refused once."""
    await actor.until(at(15, "09:50"))
    await actor.send("claim")
    await actor.send("reply", text="正在核对开票信息。")
    await actor.until(at(15, "10:20"))
    await actor.send("resolve", cause="抬头填写有误。", solution="已重新开具发票。")
    await actor.until(at(15, "11:00"))
    await actor.customer("refuse", why="新发票的税号还是错的")
    await actor.when("重开 reopened", lambda file: happened(file, EventKind.REOPENED) == 1)
    await actor.send("claim")
    await actor.send("reply", text="抱歉,我来和财务逐项核对。")
    await actor.until(at(15, "12:00"))
    await actor.send("resolve", cause="税号在系统中未更新。", solution="税号已更正,发票已重开并寄出。")
    await actor.until(at(15, "12:25"))
    await actor.customer("confirm")
    await actor.until(at(15, "12:35"))
    await actor.customer("rate", score="satisfied")
    await actor.when("关闭 closed", lambda file: bool(file.view and file.view["closed_at"]))
    await actor.customer("rate", score="very_satisfied", comment="刚才点错了")


async def three_departments(actor: Actor) -> None:
    """Three departments are needed; one of them is late and is escalated inside itself."""
    await actor.until(at(15, "09:22"))
    await actor.send("claim")
    await actor.send("reply", text="已确认问题,正在会同销售、售后和产品部核查。")
    await actor.send("collaborate", department="sales", duty="核对合同约定的并发数")
    await actor.send("collaborate", department="after_sales", duty="联系客户确认受影响的门店")
    await actor.send(
        "collaborate", department="product", duty="确认限流规则是否符合设计", due=at(15, "10:30").isoformat()
    )
    await actor.when(
        "三个部门都已分派 all three assigned",
        lambda file: happened(file, EventKind.COLLABORATION_ASSIGNED) == 3,
    )
    await actor.until(at(15, "09:45"))
    await actor.answer("claim", "sales-001", "sales")
    await actor.answer("claim", "after-001", "after_sales")
    await actor.until(at(15, "10:10"))
    await actor.answer("contribute", "sales-001", "sales", result="合同约定500并发,客户未超出。")
    await actor.answer("contribute", "after-001", "after_sales", result="共12家门店受影响,已逐一告知进展。")
    await actor.send("resolve", accepted=False, cause="限流规则有误。", solution="已修正。", verified="yes")
    await actor.when(
        "产品部超时并升级 product is late", lambda file: happened(file, EventKind.COLLABORATION_ESCALATED) >= 1
    )
    await actor.answer("claim", "product-lead", "product")
    await actor.until(at(15, "11:05"))
    await actor.answer("contribute", "product-lead", "product", result="限流阈值配置错误,应为500。")
    await actor.when("三个部门都已答复 all answered", lambda file: happened(file, EventKind.CONTRIBUTED) == 3)
    await actor.send("resolve", cause="限流阈值被误设为50。", solution="已按合同改回500并全网生效。", verified="yes")
    await actor.until(at(15, "11:40"))
    await actor.on_the_telephone("confirm")
    await actor.until(at(15, "11:50"))
    await actor.on_the_telephone("rate", score="satisfied", comment="各部门配合得不错")


async def repeated(actor: Actor) -> None:
    """Five callers with one cause: one solution answers all, and one review covers them."""
    callers = [await actor.opens(form) for form in CALLERS]
    await actor.until(at(15, "09:40"))
    await actor.send("claim")
    for caller in callers:
        await caller.send("link", "tech-lead", to=actor.number)
    await actor.when("四个案件已关联 four are linked", lambda file: len(_linked(file)) == len(callers))
    await actor.until(at(15, "10:00"))
    await actor.send("reply", text="已确认是同一个原因,正在更换证书。")
    await actor.until(at(15, "10:50"))
    await actor.send(
        "resolve", cause="门禁控制器的证书过期。", solution="已远程更换全部控制器的证书。",
        prevention="控制器证书到期前30天自动告警。", verified="yes",
    )  # fmt: skip
    first, *others = callers
    await asyncio.gather(_content(first, first.on_the_telephone), *(_content(one, one.customer) for one in others))
    await _content(actor, actor.on_the_telephone)
    await actor.review("name_author", "tech-head", author="tech-001")
    await actor.until(at(16, "10:00"))
    due = at(18, "17:00").isoformat()
    await actor.review(
        "review", "tech-001", root_cause="控制器证书由供应商手工更新,没有到期告警,更换计划只在一个人的日历里。",
        what_happened="同一批控制器的证书在6月15日零点同时过期。",
        measures=[
            {"what": "证书到期前30天自动告警", "owner": "tech-002", "due": due},
            {"what": "合同约定由供应商自动续期", "owner": "sales-001", "due": due},
        ],
    )  # fmt: skip
    await actor.until(at(16, "11:00"))
    await actor.review("approve", "tech-head")
    await actor.until(at(18, "16:00"))
    await actor.review("measure_done", "tech-002", measure=1, result="告警已上线并演练")
    await actor.review("measure_done", "sales-001", measure=2, result="补充协议已签")
    review = await actor.reviewed()
    if review["status"] != "done" or len(review["cases"]) != len(callers) + 1:
        raise StoryFailedError(f"复盘应包括五个案件并已完成 the review should cover five cases and be done: {review}")


async def _content(caller: Actor, says: Callable[..., Awaitable[None]]) -> None:
    await caller.when("方案已送达 has the solution", lambda file: happened(file, EventKind.RESOLVED) == 1)
    await caller.until(at(15, "11:10"))
    await says("confirm")
    await says("rate", score="satisfied")
    await caller.when("关闭 closed", lambda file: bool(file.view and file.view["closed_at"]))


def _linked(file: CaseRecord) -> list[str]:
    return list(file.view.get("linked", ())) if file.view else []


async def letters(actor: Actor) -> None:
    """The customer answers the solution by mail, and confirms by the link in what comes back."""
    await actor.until(at(15, "09:30"))
    await actor.send("claim")
    await actor.send("reply", text="您好,可以用导入模板,稍后把步骤发给您。")
    await actor.until(at(15, "10:12"))
    await actor.send("resolve", cause="使用咨询。", solution="设置、数据、导入:下载模板,填好后上传即可。")
    await actor.writes("下载模板", "收到,已经导入成功了,非常感谢!")
    await actor.when(
        "来信转给负责人 the owner has the words", lambda file: happened(file, EventKind.CUSTOMER_WROTE) == 1
    )
    await actor.until(at(15, "11:15"))
    await actor.customer("confirm")
    await actor.until(at(15, "11:45"))
    await actor.customer("rate", score="very_satisfied", comment="写信就能办好")


async def telephone(actor: Actor) -> None:
    """The number comes in a short message; everything else is said on the telephone."""
    await actor.reads_text(f"+86{MOBILE}")
    await actor.until(at(15, "09:25"))
    await actor.send("claim")
    await actor.send("reply", text="考勤机的网络配置有误,正在远程修改。")
    await actor.when("请人打电话 somebody has to call", lambda file: happened(file, EventKind.UNTOLD) >= 1)
    await actor.until(at(15, "09:40"))
    await actor.send("told", text="已电话告知钱先生,下午之前给结果")
    await actor.until(at(15, "10:15"))
    await actor.send("resolve", cause="考勤机的服务器地址有误。", solution="已改正地址并补传打卡记录。", verified="yes")
    await actor.until(at(15, "10:50"))
    await actor.send("told", text="已电话告知处理结果")
    await actor.until(at(15, "11:30"))
    await actor.on_the_telephone("confirm", text="可以打卡了")
    await actor.until(at(15, "11:50"))
    await actor.on_the_telephone("rate", score="satisfied", comment="电话里说得清楚")


async def never_rated(actor: Actor) -> None:
    """Accepted, reminded, closed by itself."""
    await actor.until(at(15, "10:00"))
    await actor.send("claim")
    await actor.send("reply", text="Yes, exports can be scheduled; here is how.")
    await actor.until(at(15, "10:25"))
    await actor.send(
        "resolve", cause="Enquiry.", solution="Settings, Exports, Schedule; a guide is attached to the mail."
    )
    await actor.until(at(15, "11:10"))
    await actor.customer("confirm")
    await actor.when("自动关闭 closed by itself", lambda file: happened(file, EventKind.CLOSED) == 1)
