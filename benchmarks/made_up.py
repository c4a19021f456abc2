"""Made-up cases, written straight into the database: months of a busy company within seconds.

The same seed makes the same cases. Every timeline has entries of the kinds, and with the details, that a case of
that course would have; what no report reads is left out.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from activities.database.database import Database
from activities.database.tables import registration, timeline
from workflows.domain.vocabulary import CUSTOMER, SYSTEM, Channel, Priority, Satisfaction

PRODUCTS = ("智办公CRM系统", "智办公考勤", "云打印服务", "移动审批App", "数据看板", None)
TYPES = {
    "technical": ("technical_support", ("数据同步失败", "登录异常", "页面加载慢", "打印失败")),
    "service": ("after_sales", ("响应慢", "服务态度")),
    "transaction": ("sales", ("退款", "发票")),
    "enquiry": ("customer_service", ("使用方法", "功能说明")),
    "suggestion": ("product", ("新功能", "改进")),
}
PEOPLE = {
    "technical_support": ("tech-001", "tech-002", "tech-003", "tech-lead"),
    "after_sales": ("after-001", "after-002"),
    "sales": ("sales-001", "sales-002"),
    "customer_service": ("agent-001", "agent-002"),
    "product": ("product-001",),
}
_WITHIN = {
    Priority.P0: (0.25, 4.0), Priority.P1: (1.0, 24.0), Priority.P2: (4.0, 72.0), Priority.P3: (24.0, 168.0),
}  # fmt: skip
"""Hours to respond and to resolve."""
_ZONE = ZoneInfo("Asia/Shanghai")
"""Of the sample company: a number has its day."""
_BATCH = 2_000


class MadeUp:
    """One case after another, `days` long, from a given moment on."""

    def __init__(self, begins: datetime, days: float, *, seed: int = 29) -> None:
        self._begins, self._days = begins, days
        self._random = random.Random(seed)  # noqa: S311 - made-up cases, no secrets

    def case(self, index: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """A row of the register, and the rows of its timeline."""
        dice = self._random
        type_ = dice.choices(list(TYPES), (50, 15, 10, 20, 5))[0]
        department, subtypes = TYPES[type_]
        priority = dice.choices(list(Priority), (3, 12, 50, 35))[0]
        received = self._begins + timedelta(days=dice.uniform(0, self._days))
        number = f"FB{received.astimezone(_ZONE):%Y%m%d}{index:05d}"
        product = dice.choices(PRODUCTS, (40, 15, 15, 15, 10, 5))[0]
        form = {"channel": dice.choice(list(Channel)).value, "product": product, "customer": {"name": "客户"}}
        row = {"number": number, "channel": form["channel"], "form": form, "received_at": received}
        course = _Course(number, received, dice)
        course.step("created", 0, channel=form["channel"], received_at=received.isoformat())
        after = {"type": type_, "subtype": dice.choice(subtypes), "priority": priority.value}
        course.step("classified", 0, after=after, reasons=[], policy="standard")
        if dice.random() > 0.02:
            owner = dice.choice(PEOPLE[department])
            course.step("dispatched", 0, owner=owner, department=department, group=None)
            self._handle(course, priority, department, after)
        return row, course.entries

    def _handle(self, course: _Course, priority: Priority, department: str, after: dict[str, Any]) -> None:
        dice = self._random
        # Things go worse towards the end, in one department most of all.
        late = (course.at - self._begins) / timedelta(days=self._days)
        strain = 0.55 + 0.35 * late + (0.35 * late if department == "technical_support" else 0)
        for cycle in range(3):
            respond, solve = _WITHIN[priority]
            course.wait(respond, dice.lognormvariate(-0.7, 0.6) * (0.7 + strain), "response", cycle)
            course.step("replied", 0, text="已收到")
            turn = dice.random()
            if turn < 0.04:
                department = dice.choice(list(PEOPLE))
            if turn < 0.08:
                course.step("handed_over", 0.1, to=dice.choice(PEOPLE[department]), department=department)
            elif turn < 0.11:
                course.step("department_involved", 0.1, department=dice.choice(list(PEOPLE)), head="head")
            elif turn < 0.14:
                priority = priority.raised()
                after = {**after, "priority": priority.value}
                course.step("classified", 0.1, after=after, why="更多用户受影响")
            course.wait(solve, dice.lognormvariate(-0.8, 0.6) * (0.7 + strain), "resolution", cycle)
            if dice.random() < 0.04:
                return
            course.step("resolved", 0, solution="已处理", cause="原因")
            if dice.random() > 0.92:
                return
            hours = dice.uniform(2, 60)
            score = dice.choices(list(Satisfaction), (30, 40, 14 + 10 * late, 8 + 10 * late, 3))[0]
            said = {"via": "link"} if score in {Satisfaction.VERY_SATISFIED, Satisfaction.NEUTRAL} else {}
            if cycle == 0:
                course.step("confirmed", hours, by=CUSTOMER, **said)
            course.step("rated", 0 if cycle == 0 else hours, by=CUSTOMER, score=score.value, comment=None, **said)
            if score not in {Satisfaction.DISSATISFIED, Satisfaction.VERY_DISSATISFIED}:
                resolution = "neutral" if score is Satisfaction.NEUTRAL else "satisfied"
                course.step("closed", 0, resolution=resolution, satisfaction=score.value)
                return
            priority = priority.raised()
            course.step("reopened", 0, reason="dissatisfied", priority=priority.value, owner=PEOPLE[department][-1])


class _Course:
    """A timeline that grows; hours pass."""

    def __init__(self, number: str, at: datetime, dice: random.Random) -> None:
        self.number, self.at = number, at
        self.entries: list[dict[str, Any]] = []
        self._level = 0
        self._dice = dice

    def step(self, kind: str, hours: float, by: str = SYSTEM, **detail: Any) -> None:
        self.at += timedelta(hours=hours)
        self.entries.append(
            {
                "number": self.number,
                "sequence": len(self.entries) + 1,
                "at": self.at,
                "kind": kind,
                "by": by,
                "detail": detail,
                "recorded_at": self.at,
            }
        )

    def wait(self, within: float, used: float, clock: str, cycle: int) -> None:
        """Pass `used` of the hours allowed; what is late lapses, and escalates."""
        if used <= 1:
            self.at += timedelta(hours=within * used)
            return
        due = self.at + timedelta(hours=within)
        self.step("lapsed", within, clock=clock, due=due.isoformat(), cycle=cycle)
        self._level = min(self._level + 1, 3)
        self.step("escalated", 0, level=self._level, to="director", why=clock)
        self.at += timedelta(hours=within * (used - 1))


def made_up(count: int, begins: datetime, days: float, *, seed: int = 29) -> Iterator[tuple[Any, Any]]:
    """So many cases."""
    maker = MadeUp(begins, days, seed=seed)
    return (maker.case(index) for index in range(count))


async def write(database: Database, count: int, begins: datetime, days: float, *, seed: int = 29) -> int:
    """Put made-up cases into the record; answers how many entries their timelines have."""
    total = 0
    rows: list[Any] = []
    entries: list[Any] = []
    for row, timeline_ in made_up(count, begins, days, seed=seed):
        rows.append(row)
        entries += timeline_
        if len(rows) == _BATCH:
            total += await _flush(database, rows, entries)
    return total + await _flush(database, rows, entries)


async def _flush(database: Database, rows: list[Any], entries: list[Any]) -> int:
    if not rows:
        return 0
    count = len(entries)
    async with database.begin() as connection:
        await connection.execute(registration.insert(), rows)
        await connection.execute(timeline.insert(), entries)
    rows.clear()
    entries.clear()
    return count
