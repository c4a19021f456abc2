"""Files of a form that are given to a case: received one by one, all of them or none."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from activities.files.refusal import FileRefusal, FileRefusedError
from starter.services.cases.files import ReceivedFile, discard_staged, receive
from starter.web.forms.form import Posted, chunks

if TYPE_CHECKING:
    from starlette.datastructures import UploadFile

    from starter.services.identity.acting import Act
    from starter.services.results import CommandResult
    from worker.installation.installation import Installation
    from workflows.domain.vocabulary import Via


async def attach_posted(
    act: Act, posted: Posted, most: int, *, of_customer: bool = False
) -> tuple[CommandResult, list[ReceivedFile]]:
    """Receive the files and give them to the case; what became of that. `of_customer`: as `Act.attach`.

    Raises:
        FileRefusedError: one is not taken, there are too many, or the case takes none.
        KeyReusedError, CaseOverError, Problem: as `Act.attach`.
    """
    if len(posted.uploads) > most:
        raise FileRefusedError(FileRefusal.TOO_MANY, most=most)
    digests = [await _digest(upload) for upload in posted.uploads]
    number, by, via = act.record.number, act.sender, act.bearer.via
    received = await receive_posted(act.installation, posted, by=by, via=via, case=number)
    return await act.attach(received, digests, of_customer=of_customer), received


async def receive_posted(
    installation: Installation, posted: Posted, *, by: str, via: Via, case: str | None = None
) -> list[ReceivedFile]:
    """All files of a form, for a case or for an issue that is being handed in.

    Raises:
        FileRefusedError: one is not taken; none is kept.
    """
    received: list[ReceivedFile] = []
    try:
        for upload in posted.uploads:
            received += [await receive(installation, upload.filename or "", chunks(upload), by=by, via=via, case=case)]
    except BaseException:
        await discard_staged(installation, [one.id for one in received])
        raise
    return received


async def _digest(upload: UploadFile) -> str:
    digest = hashlib.sha256((upload.filename or "").encode("utf-8", "replace"))
    async for part in chunks(upload):
        digest.update(part)
    await upload.seek(0)
    return digest.hexdigest()
