"""A mail intake on a real record and file store, whose Temporal is a list of what was started and sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import func, insert, select

from activities.database.database import Database
from activities.database.tables import file, incoming_mail, outbox, registration
from activities.delivery.threads import MailThreads
from activities.files.folder_store import FolderStore
from activities.files.reception import Reception
from activities.intake.register import Register
from activities.mailbox.interpretation.threading import OwnAddresses
from activities.mailbox.known_cases import RecordedCases
from activities.mailbox.taking_in import MailIntake
from activities.organisation.directory import Directory
from activities.organisation.loading import sample_organisation
from activities.policy.loading import load_policy
from tests.activities.mailbox.known import LI_NA, OWN, ROOT_A, ROOT_B, TOKEN, US, WANG, A, B
from tests.activities.samples import form
from workflows.domain.model import Json

NOW = datetime(2026, 11, 26, 4, 0, tzinfo=UTC)
THREADS = MailThreads("support.example.com", b"secret of the tests")
POLICY = load_policy("standard")


@dataclass
class WayIn:
    """`sent`: the signals, `started` the cases; `over`: cases that take no signals; `now` may be set."""

    intake: MailIntake
    sent: list[tuple[str, str, Json]] = field(default_factory=list)
    started: list[str] = field(default_factory=list)
    delivered: list[str] = field(default_factory=list)
    over: set[str] = field(default_factory=set)
    now: datetime = NOW

    async def count(self, table: Any = incoming_mail) -> int:
        async with self.intake.database.read() as connection:
            return int(await connection.scalar(select(func.count()).select_from(table)) or 0)

    async def cases(self) -> int:
        """How many were opened beside the two that were there."""
        return await self.count(registration) - 2

    async def form(self, number: str | None) -> Json:
        found = await Register(self.intake.database).form(str(number))
        assert found is not None
        return found

    async def files(self, number: str | None) -> list[str]:
        async with self.intake.database.read() as connection:
            return list(await connection.scalars(select(file.c.name).where(file.c.number == number)))


async def set_up(database: Database) -> None:
    """Two cases: A is Wang's, B is Li Na's."""
    register = Register(database)
    await Directory(database).load(sample_organisation())
    for sender in (WANG, LI_NA):
        customer = {"name": "王小明", "email": sender}
        await register.register(form(customer=customer), received_at=NOW, day=date(2026, 11, 26))


async def way_in(database: Database, folder: Path, *, own: OwnAddresses = OWN, new: bool = True) -> WayIn:
    """With these two cases; not `new`: they are there already."""
    if new:
        await set_up(database)
    directory, way = Directory(database), WayIn(intake=None)  # type: ignore[arg-type]

    async def start(number: str) -> None:
        way.started.append(number)

    async def signal(number: str, name: str, payload: Json) -> bool:
        if number not in way.over:
            way.sent.append((number, name, payload))
        return number not in way.over

    async def deliver(number: str, keys: Sequence[str]) -> None:
        way.delivered.extend(keys)

    way.intake = MailIntake(
        database=database,
        cases=RecordedCases(database, directory, (MailThreads("support.example.com", b"newer"), THREADS)),
        own=own,
        reception=Reception(database, FolderStore(folder / "files")),
        policy=lambda: POLICY,
        day=lambda moment: moment.date(),
        case_time=lambda: way.now,
        start=start,
        signal=signal,
        deliver=deliver,
        now=lambda: way.now,
    )
    return way


def real(raw: bytes) -> bytes:
    """The mail with ids and tokens that were made here."""
    swaps = ((TOKEN, THREADS.reply_token(A)), (ROOT_A, THREADS.root(A)), (ROOT_B, THREADS.root(B)))
    for made_up, genuine in swaps:
        raw = raw.replace(made_up.encode(), genuine.encode())
    return raw


def mail(text: str = "设备停机了，请尽快处理。", **fields: str) -> bytes:
    """`_` stands for `-`; `sender` is From."""
    head = {"from": fields.pop("sender", LI_NA), "to": US, "subject": "设备故障", "message-id": "<1@example.cn>"}
    head |= {name.replace("_", "-"): value for name, value in fields.items()}
    return ("\r\n".join(f"{name}: {value}" for name, value in head.items()) + "\r\n\r\n" + text).encode()


def answer(text: str = "还是不行。", **fields: str) -> bytes:
    """Wang's answer to a mail of case A."""
    given = {"sender": WANG, "subject": f"Re: [{A}]", "references": THREADS.root(A), "message_id": "<a@example.cn>"}
    return mail(text, **given | fields)


async def sent_message(database: Database, key: str) -> None:
    """A mail of case A that went to Wang."""
    texts = dict.fromkeys(("event", "message", "name", "locale", "subject", "text", "html", "short"), "x")
    async with database.begin() as connection:
        await connection.execute(
            insert(outbox).values(
                key=key, number=A, sequence=1, audience="customer", recipient="customer", channel="email",
                address=WANG, status="sent", attempts=1, created_at=NOW, sent_at=NOW, **texts,
            )
        )  # fmt: skip


def bounced(key: str, action: str = "failed") -> bytes:
    """A mail server's report on that mail."""
    original = THREADS.message_id(key, A)
    return (
        f"From: MAILER-DAEMON@example.cn\r\nTo: {US}\r\nSubject: Undelivered\r\nMessage-ID: <b@example.cn>\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="x"\r\n\r\n'
        "--x\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx\r\n\r\n"
        f"Final-Recipient: rfc822; {WANG}\r\nAction: {action}\r\nStatus: 5.1.1\r\n\r\n"
        f"--x\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {original}\r\nTo: {WANG}\r\n\r\n--x--\r\n"
    ).encode()
