"""Forms as they are posted, with bounds on everything, files as a stream on the disk and not in memory."""

from __future__ import annotations

import asyncio
import re
import unicodedata
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

from activities.files.name import read_name

if TYPE_CHECKING:
    from starlette.types import Message

FILES: Final = "files"
"""Name of the field for files."""
SMALL: Final = 300_000
"""Bytes of a form without files: thrice the longest description, as browsers write Chinese."""
_FIELDS: Final = 60
_FIELD_BYTES: Final = 250_000
_CHUNK: Final = 64 * 1024
_WITHIN: Final = 600.0
"""Seconds for a form to come in, files on a slow telephone included."""


@dataclass
class Posted:
    """What was posted: one text a name, and the files that have a name."""

    texts: dict[str, str] = field(default_factory=dict)
    uploads: list[UploadFile] = field(default_factory=list)
    nameless: bool = False
    """Something came as a file that has no name; as `filename*` alone, which no form may send, too."""
    form: FormData = field(default_factory=FormData)

    async def close(self) -> None:
        """Let go of the files on the disk."""
        await self.form.close()

    def text(self, name: str) -> str:
        """The text of a field without blanks around it; empty where it was not given."""
        return self.texts.get(name, "").strip()

    def digits(self, name: str) -> str:
        """The digits of a field, however they were typed: with blanks between, or full-width."""
        return re.sub(r"\D", "", unicodedata.normalize("NFKC", self.text(name)[:40]))


async def read_form(request: Request, *, largest: int = SMALL, files: int = 0) -> Posted:
    """The form of a request of at most `largest` bytes with at most that many files; to be closed.

    Raises:
        HTTPException: 413 for one that is too large, 400 for one that is cut, or no form.
    """
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > largest:
        raise HTTPException(413)
    received = 0

    async def receive() -> Message:
        nonlocal received
        message = await request.receive()
        received += len(message.get("body", b""))
        if received > largest:
            raise HTTPException(413)
        return message

    bounded = Request(request.scope, receive)
    try:
        async with asyncio.timeout(_WITHIN):
            # One file too many is counted by the page, in the customer's language.
            form = await bounded.form(max_files=files + 20, max_fields=_FIELDS, max_part_size=_FIELD_BYTES)
    except HTTPException as error:
        raise HTTPException(413 if "maximum size" in str(error.detail) or error.status_code == 413 else 400) from None
    except (ClientDisconnect, TimeoutError, UnicodeError, ValueError):
        raise HTTPException(400) from None
    return _posted(form)


async def chunks(upload: UploadFile) -> AsyncIterator[bytes]:
    """The content of a file, piece by piece."""
    while part := await upload.read(_CHUNK):
        yield part


def _posted(form: FormData) -> Posted:
    """The last value of a name counts, as it does for a browser's own button."""
    posted = Posted(form=form)
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            if value.filename or value.size:
                value.filename = _name(value)
                posted.uploads.append(value)
        elif name == FILES:
            posted.nameless = posted.nameless or bool(value)
        else:
            # Half a character cannot be written down, and U+0000 not be looked for in PostgreSQL.
            posted.texts[name] = value.encode("utf-8", "replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")
    return posted


def _name(upload: UploadFile) -> str:
    """The name of a file as it was sent. No UTF-8 was read as Latin-1 on the way; old browsers of Windows write GBK."""
    name = upload.filename or ""
    sent = next((value for key, value in upload.headers.raw if key == b"content-disposition"), b"")
    try:
        sent.decode()
    except UnicodeDecodeError:
        return read_name(name.encode("latin-1", "replace"))
    return name
