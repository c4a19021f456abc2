"""A customer sees where their case stands and what they were told, and nothing of the house behind it (R30)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from activities.database.database import Database
from activities.messages.renderer import Renderer
from activities.organisation.directory import Directory
from activities.queries.cases import Cases
from activities.queries.customer_view import read_customer_view
from activities.recording.activity import RecordingActivities
from starter.console.cases.customer_progress import CustomerProgress
from starter.console.screen import screen
from tests.activities.samples import customer, register_case
from tests.builders import (
    DAY,
    HOUR,
    MINUTE,
    MONDAY,
    NUMBER,
    PEOPLE,
    RESOLUTION,
    SALES,
    SALES_DISPATCH,
    case_step,
    command,
    consulted,
    open_case,
    terms,
)
from tests.workflows.domain.collaboration.test_aggregate import HEADS, PICK, report, sent
from worker.installation.company_time import CompanyTime
from workflows.domain.case.aggregate import Case
from workflows.domain.case.rules.departments import task_request
from workflows.domain.collaboration.aggregate import Collaboration
from workflows.domain.event import Event
from workflows.domain.formats import Weekday
from workflows.domain.organisation.organisation import Company, Department, Duty, FollowUp, Group, Organisation, Person
from workflows.domain.time.calendar import Calendar
from workflows.domain.vocabulary import Locale, Priority, Reachable

PHONE, MAIL = "13800138000", "wangfang@example.com"
SECRET = "内部"
"""Every text that is not for the customer holds it."""
_SURNAMES = "赵钱孙李周吴郑冯陈褚卫蒋沈韩杨"
STAFF = {
    key: Person(
        id=key,
        name=f"{_SURNAMES[index]}隐名{index}",
        display_name="技术小周" if key == "tech-001" else "",
        email=f"mail{index}@staff.example.com",
        phone=f"1390000{index:04}",
        department=member.department,
        group={"service": "front-desk"}.get(member.group, member.group) or None,
        superior=member.superior,
    )
    for index, (key, member) in enumerate((PEOPLE | SALES).items())
}
HEADS_OF = {"technical_support": "tech-head", "sales": "sales-head", "customer_service": "director"}
GROUPS = {"tech": "technical_support", "sales": "sales", "front-desk": "customer_service"}


def company() -> Organisation:
    """Everybody of `tests.builders`, with names and addresses that may not get out."""
    return Organisation(
        company=Company(),
        departments=tuple(
            Department(id=key, labels={Locale.ZH_CN: f"{SECRET}部门{key}", Locale.EN: f"Dept {key}"}, head=head)
            for key, head in HEADS_OF.items()
        ),
        groups=tuple(
            Group(
                id=key,
                labels={Locale.ZH_CN: f"{SECRET}组{key}", Locale.EN: f"Team {key}"},
                department=department,
                head=HEADS_OF[department],
            )
            for key, department in GROUPS.items()
        ),
        people=tuple(STAFF.values()),
        duty=(Duty(person="duty-001", weekdays=tuple(Weekday)),),
        follow_up=FollowUp(specialists=("followup-001",), supervisor="followup-head"),
    )


class Written:
    """A case whose steps are recorded as a worker records them."""

    def __init__(self, database: Database, priority: Priority = Priority.P1, **opening: Any) -> None:
        self.database, self.now = database, MONDAY
        self.case, self._opened = open_case(priority, **opening)
        self._recording = RecordingActivities(
            database, Directory(database), Renderer(), labels=dict, calendar=Calendar, now=lambda: self.now
        )

    async def open(self) -> None:
        await Directory(self.database).load(company())
        await self.record(self._opened)

    async def send(self, name: str, by: str, *, later: Any = MINUTE, facts: Any = None, **fields: Any) -> None:
        self.now += later
        events = self.case.handle(command(name, by, **fields), self.now, facts or consulted())
        assert "rejected" not in [event.kind for event in events], events[-1].detail
        await self.record(events)

    async def wait(self, until: datetime) -> None:
        while (due := self.case.next_deadline) is not None and due <= until:
            self.now = due
            await self.record(self.case.expire(due))
        self.now = until

    async def part(self, duty: str) -> None:
        """Sales is asked, and answers late."""
        await self.send("collaborate", "tech-001", department="sales", duty=duty, facts=HEADS)
        task, reports = Collaboration.open(task_request(self.case, self.case.tasks[-1]), PICK, self.now)
        await self.record(report(self.case, reports, self.now))
        self.now += MINUTE
        answered = task.handle(sent("contribute", "sales-001", result=f"{SECRET}合同已核对"), self.now)
        await self.record(report(self.case, answered, self.now))

    async def seen(self, contact: str = PHONE, locale: Locale | None = None) -> dict[str, Any]:
        view = await read_customer_view(self.database.address, NUMBER, contact, locale)
        assert view is not None
        return view

    async def record(self, events: list[Event]) -> None:
        await self._recording.record(case_step(self.case.view(), events))


async def written(database: Database, priority: Priority = Priority.P1, **opening: Any) -> Written:
    assert await register_case(database) == NUMBER
    one = Written(database, priority, **opening)
    await one.open()
    return one


def shown(view: dict[str, Any], now: datetime) -> str:
    """What the command prints."""
    console = screen()
    with console.capture() as capture:
        for part in CustomerProgress(view, CompanyTime(), now).parts():
            console.print(part)
    return capture.get()


def leaks(case: Case, text: str) -> Iterator[str]:
    """Everything of the house that stands in the text."""
    owner = STAFF.get(case.owner or "")
    own_name = (owner.display_name or owner.name) if owner else ""
    for person in STAFF.values():
        names = {person.name, person.display_name} - {own_name, ""}
        yield from (word for word in {person.id, person.email, person.phone, *names} if word in text)
    places = [*HEADS_OF, *GROUPS, "Dept", "Team", SECRET, "P0", "P1", "P2", "skilled", "playbook", "日志分析"]
    yield from (word for word in places if word in text)


async def test_nothing_of_the_house_reaches_the_customer(either: Database) -> None:
    one = await written(either)
    views: list[str] = []

    async def look() -> None:
        for locale in Locale:
            view = await one.seen(locale=locale)
            for text in (json.dumps(view, ensure_ascii=False), shown(view, one.now)):
                assert list(leaks(one.case, text)) == []
                views.append(text)

    await look()
    await one.wait(MONDAY + 45 * MINUTE)  # nobody claims it: two levels up
    assert one.case.escalation.level >= 1
    await look()
    await one.send("acknowledge", one.case.escalation.to or "", text=f"{SECRET}我来催")
    await one.send("claim", "tech-001")
    await one.send("reply", "tech-001", text="在查同步任务")
    await one.send("note", "tech-001", text=f"{SECRET}客户是大户")
    await one.send("progress", "tech-001", text=f"{SECRET}怀疑运维误操作", internal=True)
    await one.send("escalate", "tech-001", why=f"{SECRET}超出权限")
    await one.send("escalate", "tech-001", why=f"{SECRET}合同问题", department="sales", facts=HEADS)
    await look()
    await one.wait(one.now + 30 * HOUR)  # the update is missed, the solution is late
    await one.send("progress", "tech-001", text="已定位原因", why=f"{SECRET}忘了更新", step=1)
    await one.send("classify", "tech-001", subtype=None, priority="P0", why=f"{SECRET}大户")
    await look()
    await one.send("assign", "tech-head", to="tech-002", why=f"{SECRET}换班", facts=consulted(dispatch=_to("tech-002")))
    await look()
    await one.send("request_info", "tech-002", text="请提供打印机型号", fields=["description.steps"])
    await look()
    await one.send("supply", "customer", text="型号 X1", fields={"description.steps": "点击打印"})
    await one.send("resolve", "tech-002", **RESOLUTION, verified_note=f"{SECRET}测试机", prevention="定期检查")
    await look()
    await one.send("refuse", "customer", why="仍然报错")
    await look()
    await one.send("resolve", one.case.owner or "", cause="配置", solution="已重配", verified="yes")
    await one.send("confirm", "customer", text="好了")
    await look()
    await one.send("rate", "followup-001", score="satisfied", comment="处理很快")
    await look()
    for words in ("在查同步任务", "已定位原因", "请提供打印机型号", "已扩容并补同步", "定期检查", "已重配"):
        assert all(words in text for text in views[-2:])


def _to(owner: str) -> Any:
    return SALES_DISPATCH.model_copy(
        update={"department": "technical_support", "group": "tech", "owner": owner, "people": PEOPLE}
    )


async def test_what_other_departments_do_for_a_case_is_not_the_customers_matter(database: Database) -> None:
    one = await written(database)
    await one.send("claim", "tech-001")
    await one.part(f"{SECRET}核对合同")
    view = await one.seen()
    assert list(leaks(one.case, json.dumps(view, ensure_ascii=False))) == []
    assert [told["message"] for told in view["told"]] == ["created"]


async def test_a_customer_is_told_what_happens_now_what_was_promised_and_what_is_asked_of_them(
    database: Database,
) -> None:
    one = await written(database)
    view = await one.seen()
    assert (view["status"], view["handler"], view["product"]) == ("dispatched", "技术小周", "智办公CRM系统")
    assert view["answer"] == {"promised": "2024-05-06T02:00:00Z", "given": None}
    assert view["solution"] == {"promised": "2024-05-06T17:00:00Z", "given": None}
    assert view["next"]["action"] == "nothing"
    assert [(told["message"], told["title"]) for told in view["told"]] == [("created", "受理确认")]
    await one.send("reply", "tech-001", text="在查")
    await one.send("resolve", "tech-001", **RESOLUTION)
    view = await one.seen(MAIL, Locale.EN)
    assert view["answer"] == {"promised": None, "given": "2024-05-06T01:01:00Z"}
    assert view["solution"] == {"promised": None, "given": "2024-05-06T01:02:00Z"}
    assert view["next"]["action"] == "confirm"
    assert view["status_text"] == "a result is there; waiting for you to confirm it"
    assert view["told"][1:] == [
        {"at": "2024-05-06T01:01:00+00:00", "message": "replied", "title": "answer", "text": "在查"},
        {
            "at": "2024-05-06T01:02:00+00:00",
            "message": "result",
            "title": "result",
            "cause": "同步任务超时",
            "solution": "已扩容并补同步",
        },
    ]
    await one.send("confirm", "customer")
    assert (await one.seen())["next"]["action"] == "rate"


async def test_a_promise_that_was_missed_is_admitted(database: Database) -> None:
    one = await written(database)
    assert "非常抱歉" not in shown(await one.seen(), MONDAY)
    await one.wait(MONDAY + 2 * HOUR)
    view = await one.seen()
    assert view["answer"] == {"promised": "2024-05-06T02:00:00Z", "given": None}
    assert "已超过，非常抱歉" in shown(view, one.now)


async def test_a_customer_who_is_asked_for_information_reads_what_is_missing(database: Database) -> None:
    one = await written(database, Priority.P2, missing=("description.steps",))
    view = await one.seen()
    assert (view["status"], view["handler"]) == ("awaiting_information", None)
    assert view["next"] == {
        "action": "supply",
        "text": "请补充以下信息",
        "missing": ["操作步骤"],
        "fields": ["description.steps"],
        "choices": ["supply", "withdraw"],
    }
    assert (view["answer"]["promised"], view["solution"]["promised"]) == (None, None)
    assert "操作步骤" in shown(view, one.now)


async def test_an_urgent_case_that_lacks_information_says_that_work_goes_on(database: Database) -> None:
    one = await written(database, Priority.P1, missing=("description.steps",))
    view = await one.seen()
    assert (view["status"], view["next"]["action"]) == ("dispatched", "supply_meanwhile")


async def test_a_case_that_nobody_has_opened_yet_is_known_to_be_registered(database: Database) -> None:
    await register_case(database)
    view = await read_customer_view(database.address, NUMBER, PHONE)
    assert view is not None
    assert (view["status"], view["status_text"]) == ("registered", "已登记，正在安排处理")
    assert (view["told"], view["handler"], view["received_at"]) == ([], None, MONDAY.isoformat())
    assert "已登记，正在安排处理" in shown(view, MONDAY)


async def test_a_reopened_and_a_withdrawn_case_say_so(database: Database) -> None:
    one = await written(database)
    await one.send("resolve", "tech-001", **RESOLUTION)
    await one.send("refuse", "customer", why="仍然报错")
    view = await one.seen()
    assert view["status_text"] == "正在重新处理，由更高级别的负责人优先跟进"
    assert view["answer"]["given"] is None
    assert view["answer"]["promised"] is not None
    assert view["solution"]["given"] is None
    await one.send("withdraw", "customer", why="不需要了", later=DAY)
    view = await one.seen()
    assert (view["status_text"], view["next"]["action"]) == ("已撤销并关闭", "closed")
    assert view["closed_at"] == "2024-05-07T01:02:00Z"
    assert (view["answer"]["promised"], view["solution"]["promised"]) == (None, None)


async def test_a_wrong_contact_learns_as_little_as_an_unknown_number(database: Database) -> None:
    await written(database)
    assert await read_customer_view(database.address, NUMBER, "13800138001") is None
    assert await read_customer_view(database.address, "FB209901010001", PHONE) is None
    assert await read_customer_view(database.address, "' OR 1=1 --", PHONE) is None


async def test_who_gave_another_contact_later_gets_in_with_that_one(database: Database) -> None:
    one = await written(database, Priority.P2, missing=("customer.phone",))
    await one.send(
        "supply", "customer", fields={"customer.phone": "13911112222"}, facts=consulted(dispatch=_to("tech-001"))
    )
    assert (await one.seen("+86 139 1111 2222"))["number"] == NUMBER
    assert await read_customer_view(database.address, NUMBER, PHONE) is None


async def test_a_customer_reads_their_own_language_unless_they_ask_for_another(database: Database) -> None:
    await register_case(database, customer=customer(locale="en"))
    for wanted, text in ((None, "registered; we are arranging who handles it"), (Locale.ZH_CN, "已登记，正在安排处理")):
        view = await read_customer_view(database.address, NUMBER, PHONE, wanted)
        assert view is not None
        assert view["status_text"] == text


async def test_an_entry_that_took_the_place_of_another_is_not_taken_for_what_was_told(database: Database) -> None:
    """After a workflow was reset, sequences start lower again."""
    one = await written(database)
    await one.send("reply", "tech-001", text="在查")
    replied = next(entry["sequence"] for entry in (await _timeline(database)) if entry["kind"] == "replied")
    noted = one.case.model_copy(deep=True)
    noted.sequence = replied - 1
    events = noted.handle(command("note", "tech-001", text=f"{SECRET}备注"), one.now)
    await one.record(events)
    view = await one.seen()
    assert view["told"][-1]["message"] == "replied"
    assert "text" not in view["told"][-1]


async def _timeline(database: Database) -> Any:
    file = await Cases(database).get(NUMBER)
    assert file is not None
    return file.timeline


async def test_a_customer_is_not_said_to_know_what_nobody_has_told_them(database: Database) -> None:
    case = await written(database, reachable=Reachable.BY_PERSON)
    await case.send("resolve", "tech-001", **RESOLUTION)
    view = await case.seen()
    assert (view["told"], view["answer"]["given"], view["solution"]["given"]) == ([], None, None)
    assert view["next"]["text"] == "我们的同事会致电您告知处理结果，请保持电话畅通"
    assert RESOLUTION["solution"] not in shown(view, case.now)
    await case.send("told", "tech-001", later=HOUR)
    view = await case.seen()
    assert {one["message"]: one["at"] for one in view["told"]} == dict.fromkeys(
        ("created", "result"), case.now.isoformat()
    )
    assert view["answer"]["given"] is not None and view["solution"]["given"] is not None
    assert RESOLUTION["solution"] in shown(view, case.now)


async def test_a_customer_reads_which_answers_are_their_own_and_which_somebody_took_down(either: Database) -> None:
    one = await written(either)
    one.case.terms = terms(correct_within=7 * DAY.total_seconds())
    await one.send("resolve", "tech-001", **RESOLUTION)
    await one.send("confirm", "customer", relayed_by="tech-002", heard="wechat")
    await one.send("rate", "customer", via="link", score="satisfied", comment="很快")
    view = await one.seen(MAIL, Locale.EN)
    assert [(said["what"], said["own_hand"], said["hand"]) for said in view["said"]] == [
        ("confirmed", False, "taken down by our service"),
        ("rated", True, "by yourself"),
    ]
    assert (view["said"][1]["score"], view["said"][1]["comment"]) == ("satisfied", "很快")
    assert view["correctable_until"] == (one.now + 7 * DAY).isoformat().replace("+00:00", "Z")
    assert "tech-002" not in json.dumps(view)
    read = shown(await one.seen(), one.now)
    for part in ("您的答复", "满意", "很快", "您本人", "由客服代录", "可更改至"):
        assert part in read, part
