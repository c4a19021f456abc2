"""Files of a form that are given to a case: received one by one, all of them or none."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from activities.files.refusal import FileRefusal, FileRefusedError
from starter.services.cases.files import ReceivedFile, discard_staged, receive
from starter.web.forms import Posted, chunks

if TYPE_CHECKING:
    from starlette.datastructures import UploadFile

    from starter.services.cases.commands import CommandResult
    from starter.services.identity.acting import Act


async def attach_posted(act: Act, posted: Posted, most: int) -> tuple[CommandResult, list[ReceivedFile]]:
    """Receive the files and give them to the case; what became of that.

    Raises:
        FileRefusedError: one is not taken, there are too many, or the case takes none.
        KeyReusedError, CaseOverError, Problem: as `Act.attach`.
    """
    if len(posted.uploads) > most:
        raise FileRefusedError(FileRefusal.TOO_MANY, most=most)
    digests = [await _digest(upload) for upload in posted.uploads]
    received = await _received(act, posted)
    return await act.attach(received, digests), received


async def _received(act: Act, posted: Posted) -> list[ReceivedFile]:
    received: list[ReceivedFile] = []
    try:
        for upload in posted.uploads:
            given, name, case = chunks(upload), upload.filename or "", act.record.number
            received += [await receive(act.installation, name, given, by=act.sender, via=act.bearer.via, case=case)]
    except BaseException:
        await discard_staged(act.installation, [one.id for one in received])
        raise
    return received


async def _digest(upload: UploadFile) -> str:
    digest = hashlib.sha256((upload.filename or "").encode("utf-8", "replace"))
    async for part in chunks(upload):
        digest.update(part)
    await upload.seek(0)
    return digest.hexdigest()
