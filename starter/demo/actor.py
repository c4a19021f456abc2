"""The people of one story: they wait for a moment or an event.

Staff send commands as signals, customers act through the pages or write mails, and what is said on the telephone staff
take down.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import httpx2
from temporalio.client import WorkflowHandle

from activities.queries.case_record import CaseRecord
from starter.demo.customer import PlayedCustomer
from starter.demo.failure import StoryFailedError
from starter.demo.outside.correspondent import Correspondent
from starter.demo.record import LiveRecord
from worker.temporal.rpc import found_or_none
from workflows.domain.ids import review_id
from workflows.domain.time.virtual_time import VirtualTime
from workflows.domain.vocabulary import CUSTOMER, Heard

_HOTLINE = "agent-001"
"""Who answers the telephone."""
_TIMEOUT = 60.0
"""Seconds of the wall clock after which something that should have happened has not."""


class Actor:
    """The people around one case."""

    def __init__(
        self,
        number: str,
        handle: WorkflowHandle[Any, Any],
        record: LiveRecord,
        time: VirtualTime,
        now: Callable[[], datetime],
        *,
        customer: PlayedCustomer,
        workflow: Callable[[str], WorkflowHandle[Any, Any]],
        opens: Callable[[dict[str, Any]], Awaitable[Actor]],
        pen: Correspondent | None = None,
        texts: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self.number = number
        self._handle, self._record, self._time, self._now = handle, record, time, now
        self._workflow = workflow
        self._customer = customer
        self.opens = opens
        """Take in another form that belongs to the story: the people around that case."""
        self._pen, self._texts = pen, {} if texts is None else texts
        self._sent = 0

    @property
    def owner(self) -> str:
        """Who owns the case now."""
        file = self._record.files.get(self.number)
        return str(file.view["owner"]) if file and file.view else ""

    @property
    def escalated_to(self) -> str:
        """Whose acknowledgement the case waits for now."""
        file = self._record.files.get(self.number)
        return str(file.view["escalated_to"]) if file and file.view else ""

    async def until(self, moment: datetime) -> None:
        """Let virtual time pass."""
        await asyncio.sleep(self._time.wait(moment, self._now()).total_seconds())

    async def when(self, what: str, holds: Callable[[CaseRecord], bool]) -> None:
        """Wait until the record shows something."""
        try:
            async with asyncio.timeout(_TIMEOUT):
                await self._record.until(self.number, holds)
        except TimeoutError:
            raise StoryFailedError(f"一直没有发生 never happened: {what}") from None

    async def send(self, command: str, by: str = "", *, accepted: bool = True, **fields: Any) -> None:
        """A command by somebody (default: the owner).

        Raises:
            StoryFailedError: its outcome is not the expected one.
        """
        await self._send(self._handle, command, by or self.owner, accepted=accepted, **fields)

    async def answer(self, command: str, by: str, department: str, **fields: Any) -> None:
        """A command by somebody of a department to its task for this case."""
        task = self._workflow(f"{self.number}/{department}")
        await self._send(task, command, by, accepted=True, department=department, **fields)

    async def review(self, command: str, by: str, **fields: Any) -> None:
        """A command to the review that the closing of the case started."""
        review = self._workflow(review_id(self.number))
        try:
            async with asyncio.timeout(_TIMEOUT):
                while await found_or_none(review.describe()) is None:  # noqa: ASYNC110 - nothing here says when the server has it
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise StoryFailedError("没有开始复盘 its review never began") from None
        await self._send(review, command, by, accepted=True, **fields)

    async def reviewed(self) -> dict[str, Any]:
        """The state of the review, as its query answers it."""
        state: dict[str, Any] = await self._workflow(review_id(self.number)).query("state")
        return state

    async def _send(
        self, handle: WorkflowHandle[Any, Any], command: str, by: str, *, accepted: bool, **fields: Any
    ) -> None:
        self._sent += 1
        command_id = f"demo-{self.number}-{self._sent}"
        payload = {"command_id": command_id, "by": by, "at": self._now().isoformat(), **fields}
        await handle.signal(command, payload)
        while (answer := await handle.query("outcome", command_id))["outcome"] == "pending":  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        if (answer["outcome"] == "accepted") is not accepted:
            raise StoryFailedError(f"{command} ({by}): {answer['outcome']} {answer['reason'] or ''}".strip())
        if handle is self._handle:
            await self.when(command, lambda file: self._judged(file, command_id, accepted=accepted))

    async def customer(self, command: str, **fields: Any) -> None:
        """Something that the customer says, by the link in their message or in the session that they have.

        Raises:
            StoryFailedError: their page never asked for it.
        """
        await self._at_the_door(command, self._customer.say(command, **fields))

    async def let_in_by_code(self) -> None:
        """The customer finds the case by its number and their contact, and enters the code that they are sent.

        Raises:
            StoryFailedError: it never came.
        """
        await self._at_the_door("一次性验证码 one-time code", self._customer.let_in_by_code())

    async def writes(self, about: str, text: str) -> None:
        """The customer answers the mail that says `about`, and has the acknowledgement of that.

        Raises:
            StoryFailedError: it never came.
        """
        if self._pen is None:
            raise StoryFailedError("客户没有写过信 this customer writes no letters")
        await self._at_the_door("回信 answered by mail", self._pen.answer(about, text))

    async def reads_text(self, mobile: str) -> None:
        """The customer finds the number of the case in a short message.

        Raises:
            StoryFailedError: none came.
        """

        async def looks() -> None:
            while not any(self.number in text for text in self._texts.get(mobile, ())):  # noqa: ASYNC110 - a telephone
                await asyncio.sleep(0.2)

        await self._at_the_door("短信里的编号 the number in a short message", looks())

    async def on_the_telephone(self, command: str, **fields: Any) -> None:
        """Something that the customer says on the telephone, taken down by somebody who does not own the case."""
        await self.send(command, CUSTOMER, relayed_by=_HOTLINE, heard=Heard.TELEPHONE.value, **fields)

    async def _at_the_door(self, what: str, doing: Awaitable[None]) -> None:
        try:
            async with asyncio.timeout(_TIMEOUT):
                await doing
        except (TimeoutError, httpx2.HTTPError) as error:
            raise StoryFailedError(f"网页上没有办成 not done by the pages: {what} {error}".strip()) from None

    def _judged(self, file: CaseRecord, command_id: str, *, accepted: bool) -> bool:
        if accepted:
            return bool(file.view and file.timeline)
        return any(entry["detail"].get("command_id") == command_id for entry in file.timeline)  # type: ignore[union-attr]
