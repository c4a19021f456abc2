"""Made-up cases as they stand now: months of a busy company, some thousands of which are open."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, insert, select, update

from activities.batches import batched
from activities.database.tables import case_record, registration
from activities.intake.submission import lookup_columns
from benchmarks.made_up import PEOPLE, PRODUCTS, TYPES, write
from worker.installation.installation import Installation
from workflows.domain.case.view import CaseView, Untold
from workflows.domain.clock import Breach, Deadline
from workflows.domain.vocabulary import Channel, ClockName, Message, Priority, Status

_DAYS = 60
_BATCH = 1000
_CLOCKS = (ClockName.PROGRESS, ClockName.RESOLUTION)
RARE = "欧阳小环"
"""A customer of one case in some thousand: whoever searches for the name looks through all of them."""
_SURNAMES, _NAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗",
    ("伟", "芳", "敏", "静", "丽", "强", "磊", "军", "洋", "勇", "艳", "杰"),
)
_COMPANIES = ("云帆", "恒信", "华远", "博雅", "明德", "四海", "金石", "长青")
_AT = ("今天早上", "昨天下午", "升级以后", "换了电脑以后", "月底结账时", "重新登录以后")


async def fill(installation: Installation, cases: int, open_: int) -> list[str]:
    """Write so many into an empty record, the latest of them open; answers the numbers of those."""
    database, now = installation.database, installation.now()
    await write(database, cases, now - timedelta(days=_DAYS), _DAYS)
    async with database.read() as connection:
        wanted = select(registration.c.number, registration.c.received_at).order_by(registration.c.received_at.desc())
        registered = [(row.number, row.received_at) for row in await connection.execute(wanted)]
    organisation = await installation.directory.current()
    known = {one.id for one in organisation.people} if organisation is not None else set()
    made = _Made(now, known, random.Random(7))  # noqa: S311 - made-up cases, no secrets
    for some in batched(enumerate(registered), _BATCH):
        async with database.begin() as connection:
            rows = [_row(made.view(*one, is_open=place < open_)) for place, one in some]
            await connection.execute(insert(case_record), rows)
            changes = [{"of": row["number"], "started_at": now, **_form(made.dice, row)} for row in rows]
            await connection.execute(update(registration).where(registration.c.number == bindparam("of")), changes)
    return [number for number, _ in registered[:open_]]


def _form(dice: random.Random, row: dict[str, Any]) -> dict[str, Any]:
    """Columns of the register: who the customer is, and what they say."""
    name = RARE if dice.random() < 0.0003 else dice.choice(_SURNAMES) + dice.choice(_NAMES) + dice.choice(_NAMES)
    customer = {
        "name": name, "company": f"{dice.choice(_COMPANIES)}{dice.choice(_COMPANIES)}有限公司",
        "phone": f"138{dice.randrange(10**8):08d}",
    }  # fmt: skip
    symptom = f"{dice.choice(_AT)}{dice.choice(_AT)}{row['subtype']}，提示错误代码 {dice.randrange(1000)}"
    form: dict[str, Any] = {
        "channel": dice.choice(list(Channel)).value, "product": dice.choice(PRODUCTS), "customer": customer,
        "description": {"symptom": symptom, "actual": "页面没有反应，过一会儿提示失败", "expected": "和以前一样可以用"},
    }  # fmt: skip
    return {"form": form, "channel": form["channel"], **lookup_columns(form)}


def _row(view: CaseView) -> dict[str, Any]:
    shown: dict[str, Any] = {
        name: getattr(view, name)
        for name in ("number", "type", "subtype", "department", "owner", "escalation_level", "acknowledged",
                     "opened_at", "updated_at", "closed_at", "sequence")
    }  # fmt: skip
    return shown | {
        "status": view.status.value, "priority": view.priority.value, "case_group": view.group,
        "breached": bool(view.breaches), "view": view.model_dump(mode="json"),
        "next_due": min((one.due for one in view.deadlines if one.due), default=None),
    }  # fmt: skip


@dataclass(frozen=True)
class _Made:
    """Made-up views of cases, all as of one moment."""

    now: datetime
    known: set[str]
    dice: random.Random

    def view(self, number: str, opened: datetime, *, is_open: bool) -> CaseView:
        """As a case of that number, which came then, may stand."""
        dice = self.dice
        type_ = dice.choice(list(TYPES))
        department, subtypes = TYPES[type_]
        owner = dice.choice([one for one in PEOPLE[department] if one in self.known])
        due = self.now + timedelta(hours=dice.uniform(0.2, 90))
        missed = opened + dice.uniform(0.2, 0.99) * (self.now - opened)
        late, waits = dice.random() < 0.08, dice.random() < 0.03
        status = dice.choices((Status.IN_PROGRESS, Status.DISPATCHED, Status.AWAITING_CONFIRMATION), (85, 5, 10))[0]
        untold = (
            (Untold(message=Message.PROGRESSED, key=f"{number}:1", at=opened, why="phone"),)
            if dice.random() < 0.01
            else ()
        )
        clock = {"started": opened, "due": due, "next": due}
        breach = Breach(clock=ClockName.RESOLUTION, due=missed, at=missed, cycle=0)
        return CaseView(
            number=number, status=status if is_open else Status.CLOSED,
            priority=dice.choices(list(Priority), (3, 12, 50, 35))[0], type=type_, subtype=dice.choice(subtypes),
            department=department, group=None, owner=owner, receiver="agent-001",
            follow_up="followup-001", escalation_level=int(waits), escalated_to="director" if waits else None,
            escalated_at=missed if waits else None, acknowledged=not waits, reopened=0, received_at=opened,
            opened_at=opened, updated_at=opened, responded_at=opened, closed_at=None if is_open else self.now,
            playbook=("先重现问题", "查看日志", "联系产品部门"), breaches=(breach,) if late and is_open else (),
            deadlines=tuple(Deadline(clock=name, **clock) for name in _CLOCKS) if is_open else (), sequence=9,
            untold=untold if is_open else (),
        )  # fmt: skip
