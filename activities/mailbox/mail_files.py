"""Keeps a mail as it came, and the files that came along (R40, R42)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime

from activities.files.incoming import arriving
from activities.files.ledger import FileRow
from activities.files.reception import Reception
from activities.files.refusal import FileRefusedError
from activities.mailbox.mime.mail import MailFile
from activities.mailbox.mime.parsing import LARGEST_MAIL
from workflows.domain.model import one_line
from workflows.domain.policy.files import FileRules
from workflows.domain.vocabulary import Via


async def keep_mail(reception: Reception, raw: bytes) -> str | None:
    """The mail as it came, in the file store; its row is written afterwards, within a day."""
    if not raw:
        return None
    store = reception.store
    async with store.lock(shared=True), arriving(store.incoming, "mail", _once(raw), LARGEST_MAIL * 2) as arrived:
        await asyncio.to_thread(store.put, arrived.part, arrived.sha256, arrived.size)
        return arrived.sha256


async def receive_files(
    reception: Reception, files: Sequence[MailFile], rules: FileRules, *, by: str, case_time: Callable[[], datetime]
) -> tuple[list[FileRow], list[str]]:
    """The files of a mail, staged, and a line on each that was not taken."""
    taken: list[FileRow] = []
    refused: list[str] = []
    for file in files:
        if len(taken) == rules.at_once:
            refused.append(f"left out: {one_line(file.name, 60)} and more")
            break
        chunks = _once(file.content)
        try:
            taken.append(await reception.receive(file.name, chunks, rules, by=by, via=Via.MAIL, at=case_time()))
        except FileRefusedError as error:
            refused.append(f"left out: {one_line(str(error), 100)}")
    return taken, refused


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content
