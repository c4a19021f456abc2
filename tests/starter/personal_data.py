"""Runs cases with every kind of personal data in them, and searches for that data in what is kept elsewhere."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from temporalio.api.common.v1 import Payload
from temporalio.api.workflowservice.v1 import DescribeActivityExecutionRequest
from temporalio.client import Client
from temporalio.common import RawValue

from activities.database.url import DatabaseUrl
from activities.queries.case_record import read_case_record
from activities.review.reading import find_review
from starter.services.cases.commands import send, send_to_review
from starter.services.intake.submissions import open_intake
from tests.activities.delivery.mail_server import MailServer
from tests.starter.installation import Installation, running
from tests.timeouts import TIMEOUT
from worker.installation.settings import Settings
from worker.temporal.connection import connect

FORM = (
    "欧阳明月", "青禾书店", "13912345678", "mingyue.ouyang@example.com", "ouyang_my88", "Siobhan Featherstone",
    "siobhan.f@example.org", "小票打印机红灯闪烁三次", "按住进纸键开机", "应当打印出小票", "顾客排队手写收据",
    "mingyue-passport.png", "Till freezes at the loyalty screen",
)  # fmt: skip
"""Personal data in two customers' forms."""
PRODUCT = "绿色条码秤"
"""Known to the workflow, because cases are triaged by it and repeated problems found by it."""
COMMANDS = (
    "请先换一卷热敏纸", "怀疑是驱动程序回退", "核对打印机固件批次", "批次正常与设计无关", "请补充机身序列号",
    "序列号是SN-77-4411", "老板手机18612349876", "电源适配器电压不足", "更换为二十四伏适配器", "还是闪红灯很失望",
    "终于可以打印了", "客户情绪激动注意措辞", "供应商更换了电容",
)  # fmt: skip
"""Personal data in commands."""
MALFORMED = ("给明月姐回电13555550123", "她家住梧桐路九号")
PORTAL = "https://service.example.com"
BROKEN_TEMPLATE = "{% block subject %}{{ {}[form.customer.name].x }}{% endblock %}"

_CUSTOMER = {
    "name": FORM[0], "company": FORM[1], "phone": FORM[2], "email": FORM[3], "wechat": FORM[4],
    "kind": "company", "preferred_contact": "email", "locale": "zh_CN",
}  # fmt: skip
_FORMS: tuple[dict[str, Any], ...] = (
    {
        "channel": "hotline", "customer": _CUSTOMER, "product": PRODUCT, "type": "technical", "priority": "P1",
        "occurred_at": "2026-01-05T08:30+08:00", "attachments": [FORM[11]],
        "description": {"symptom": FORM[7], "steps": FORM[8], "expected": FORM[9], "actual": FORM[7]},
        "impact": {"blocks_normal_use": True, "effect": FORM[10]}, "intake_key": "life",
    },
    {
        "channel": "portal", "customer": {"name": FORM[5], "email": FORM[6], "locale": "en"}, "product": "CRM",
        "type": "technical", "occurred_at": "2026-01-05T08:30+08:00", "priority": "P2",
        "description": {"symptom": FORM[12], "steps": "open it", "expected": "works", "actual": "does not"},
        "impact": {"blocks_normal_use": False, "effect": "slow"}, "intake_key": "refused",
    },
)  # fmt: skip


@dataclass
class Company:
    """An installation that is up; commands are sent to it from this process."""

    installation: Installation
    settings: Settings
    mail: MailServer
    numbers: list[str] = field(default_factory=list)

    def tokens(self) -> set[str]:
        """Those of the links that customers got."""
        texts = [part.get_content() for mail in self.mail.mails if (part := mail.get_body(("plain",))) is not None]
        return {token for text in texts for token in re.findall(rf"^{PORTAL}/l/(\S+)$", text, re.MULTILINE)}

    async def view(self, number: str) -> dict[str, Any]:
        file = await read_case_record(DatabaseUrl.parse(self.settings.database), number)
        return dict((file.view if file else None) or {})

    async def until(self, number: str, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        async with asyncio.timeout(TIMEOUT):
            while not holds(view := await self.view(number)):  # noqa: ASYNC110 - another process writes
                await asyncio.sleep(0.05)
        return view

    async def until_status(self, number: str, status: str) -> dict[str, Any]:
        return await self.until(number, lambda view: bool(view.get("status") == status))

    async def send(self, command: str, number: str, by: str, **fields: Any) -> None:
        answer = await send(self.settings, command, number, fields, by=by)
        while answer.outcome == "queued":
            answer = await send(self.settings, command, number, fields, by=by, command_id=answer.command_id)
        assert answer.outcome == "accepted", answer

    async def client(self) -> Client:
        return await connect(self.settings)


async def run_cases(company: Company) -> None:
    """Run both cases, with everything that can go wrong in them."""
    company.mail.refused.add(FORM[6])
    company.mail.answers[:] = [f"451 4.7.1 {FORM[3]} try later"]
    async with open_intake(company.settings) as intake:
        company.numbers += [(await intake.accept(form)).number for form in _FORMS]
    await asyncio.gather(_closed_case(company, company.numbers[0]), _undeliverable_case(company, company.numbers[1]))
    client = await company.client()
    await client.get_schedule_handle("bihuan-archive").trigger()


async def _closed_case(company: Company, number: str) -> None:
    owner = (await company.until_status(number, "dispatched"))["owner"]
    await _malformed(company, number, owner)
    await company.send("claim", number, owner)
    await company.send("reply", number, owner, text=COMMANDS[0])
    await _failing_record(company, number, owner)
    await company.send("collaborate", number, owner, department="product", duty=COMMANDS[2])
    await company.until(number, lambda view: bool(view["collaborations"]))
    await company.send("contribute", number, "product-head", department="product", result=COMMANDS[3])
    await company.send("request_info", number, owner, text=COMMANDS[4])
    await company.send("supply", number, "customer", fields={"description.actual": COMMANDS[5]}, text=COMMANDS[6])
    await _solve(company, number, owner)
    await company.send("rate", number, "customer", score="very_dissatisfied", comment=COMMANDS[9])
    owner = (await company.until_status(number, "dispatched"))["owner"]
    await company.send("claim", number, owner)
    await _solve(company, number, owner)
    await company.send("rate", number, "customer", score="very_satisfied", comment=COMMANDS[10])
    await company.until_status(number, "closed")
    action = {"what": COMMANDS[12], "owner": "tech-head", "due": "2030-01-01T09:00+08:00"}
    report = {"root_cause": COMMANDS[12], "measures": [action]}
    await _reviewed(company, number, report)


async def _reviewed(company: Company, number: str, report: dict[str, Any]) -> None:
    async with asyncio.timeout(TIMEOUT):
        while await find_review(DatabaseUrl.parse(company.settings.database), number) is None:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    answer = await send_to_review(company.settings, "review", number, report, by="tech-head")
    assert answer.outcome == "accepted", answer


async def _solve(company: Company, number: str, owner: str) -> None:
    solution = {"cause": COMMANDS[7], "solution": COMMANDS[8], "verified": "yes"}
    await company.send("resolve", number, owner, **solution)
    await company.until_status(number, "awaiting_confirmation")


async def _malformed(company: Company, number: str, owner: str) -> None:
    handle = (await company.client()).get_workflow_handle(number)
    await handle.signal("claim", f"{MALFORMED[0]} {MALFORMED[1]}")
    await handle.signal("note", {"by": owner, "text": f"{MALFORMED[0]}\x07"})
    await handle.signal("classify", {"by": owner, "priority": MALFORMED[1], "why": MALFORMED[0]})
    await handle.signal("resolve", {"by": owner, MALFORMED[1]: MALFORMED[0]})
    await handle.signal("fly", MALFORMED[0])
    broken = Payload(metadata={"encoding": b"json/plain"}, data=MALFORMED[0].encode())
    await handle.signal("claim", RawValue(broken))


async def _failing_record(company: Company, number: str, owner: str) -> None:
    """The database refuses a step for a while: first in the local activity, then in the ordinary one."""
    with closing(sqlite3.connect(company.settings.data / "bihuan.db", isolation_level=None)) as other:
        other.execute(
            "CREATE TRIGGER refuse BEFORE INSERT ON timeline WHEN NEW.number = "
            f"'{number}' BEGIN SELECT RAISE(ABORT, 'refused for a while'); END"
        )
        client = await company.client()
        await client.get_workflow_handle(number).signal(
            "progress", {"by": owner, "text": COMMANDS[1], "command_id": "p1"}
        )
        await client.get_workflow_handle(number).signal("note", {"by": owner, "text": COMMANDS[11]})
        async with asyncio.timeout(TIMEOUT):
            while not await _pending_failure(client, number):  # noqa: ASYNC110 - another process works
                await asyncio.sleep(0.05)
        other.execute("DROP TRIGGER refuse")


async def _pending_failure(client: Client, number: str) -> bool:
    description = await client.get_workflow_handle(number).describe()
    return any(one.HasField("last_failure") for one in description.raw_description.pending_activities)


async def _undeliverable_case(company: Company, number: str) -> None:
    """A customer whose mail server refuses everything."""
    owner = (await company.until_status(number, "dispatched"))["owner"]
    await company.send("claim", number, owner)
    await company.send("reply", number, owner, text=COMMANDS[0])
    await company.send("resolve", number, owner, cause=COMMANDS[7], solution=COMMANDS[8], verified="yes")
    await company.send("withdraw", number, "customer", why=COMMANDS[11])
    await company.until_status(number, "closed")


async def everything_at_temporal(client: Client) -> bytes:
    """Everything Temporal keeps: histories, descriptions, activities, Schedules, undecoded."""
    parts: list[bytes] = []
    async for execution in client.list_workflows():
        handle = client.get_workflow_handle(execution.id, run_id=execution.run_id)
        parts += [event.SerializeToString() async for event in handle.fetch_history_events()]
        parts.append((await handle.describe()).raw_description.SerializeToString())
    async for activity in client.list_activities(""):
        request = DescribeActivityExecutionRequest(
            namespace=client.namespace, activity_id=activity.activity_id, include_input=True, include_outcome=True
        )
        parts.append((await client.workflow_service.describe_activity_execution(request)).SerializeToString())
    async for schedule in await client.list_schedules():
        parts.append((await client.get_schedule_handle(schedule.id).describe()).raw_description.SerializeToString())
    return b"\n".join(parts)


def found_in(content: bytes, secrets: Iterable[str]) -> set[str]:
    """Those that occur: plain, as JSON writes them, or in base64 at any of its three offsets."""
    return {secret for secret in secrets if any(form in content for form in _written(secret))}


def _written(secret: str) -> set[bytes]:
    plain = secret.encode()
    escaped = json.dumps(secret)[1:-1].encode()
    forms = {plain, escaped, plain.lower(), repr(plain)[2:-1].encode(), _octal(plain)}
    for before in range(3):
        coded = base64.b64encode(b"\0" * before + plain)
        # The first and the last group also hold what stands before and after.
        forms.add(coded[4 if before else 0 : -4])
    return {form for form in forms if len(form) >= 6}


def _octal(plain: bytes) -> bytes:
    """As protocol buffers print bytes in text."""
    return b"".join(bytes([byte]) if 32 <= byte < 127 else rf"\{byte:03o}".encode() for byte in plain)


@asynccontextmanager
async def running_company(folder: Path, mail: MailServer, **environment: str) -> AsyncIterator[Company]:
    """An installation that logs at debug level, in real time (so it has Schedules), with a template that fails."""
    template = folder / "templates" / "zh_CN" / "customer" / "replied.j2"
    template.parent.mkdir(parents=True)
    template.write_text(BROKEN_TEMPLATE, "utf-8")
    environment |= {
        "BIHUAN_SMTP_URL": mail.url(), "BIHUAN_MAIL_FROM": "support@example.com", "BIHUAN_LOG_LEVEL": "debug",
        "BIHUAN_TEMPLATES": str(folder / "templates"), "BIHUAN_WEB__URL": PORTAL,
    }  # fmt: skip
    async with running(folder, **environment) as installation:
        settings = Settings(data=installation.data, encryption_keys=environment.get("BIHUAN_ENCRYPTION_KEYS"))
        yield Company(installation, settings, mail)
