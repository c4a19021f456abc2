"""Files that come with a form: taken into the store one by one, and given to the case once there is one (R41)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from activities.files.refusal import FileRefusal, FileRefusedError, FileStoreError, refusal_text
from starter.services.cases.files import ReceivedFile, receive
from starter.web.forms.form import SMALL, Posted, chunks
from starter.web.throttling.limits import UPLOADS
from workflows.domain.vocabulary import CUSTOMER, Via

if TYPE_CHECKING:
    from starter.web.portal.visit import Visit

LARGEST: Final = SMALL + 110_000_000
"""Bytes of a form with files; how large one file may be is the policy's."""
MOST: Final = 100
"""Files of a form that are looked at at all."""
_ID: Final = re.compile(r"[A-Za-z0-9_-]{16,100}")


@dataclass
class Uploads:
    """The files of a form so far, and in the visitor's language why one was not taken."""

    files: list[ReceivedFile] = field(default_factory=list)
    refused: str = ""

    @property
    def ids(self) -> list[str]:
        """The ids as the services take them."""
        return [file.id for file in self.files]

    def drop(self, id_: str) -> None:
        """The visitor does not want that one; it is swept after a day."""
        self.files = [file for file in self.files if file.id != id_]


def most(visit: Visit) -> int:
    """How many files may come with one form."""
    return visit.installation.policy.files.at_once


async def take(visit: Visit, posted: Posted, *, via: Via, case: str | None = None) -> Uploads:
    """The files that earlier pages took, and those that this form brings. What is refused leaves the others.

    Raises:
        Problem: there is no such case, or the record cannot be used now.
    """
    uploads = await _taken_before(visit, posted)
    if posted.nameless:
        uploads.refused = refusal_text(FileRefusal.NO_NAME, {}, visit.locale)
    for upload in posted.uploads:
        try:
            if len(uploads.files) >= most(visit):
                raise FileRefusedError(FileRefusal.TOO_MANY, most=most(visit))
            if await visit.allowed(UPLOADS) is not None:
                uploads.refused = str(visit.words["note"]["too_many"])
                break
            received = await receive(
                visit.installation, upload.filename or "", chunks(upload), by=CUSTOMER, via=via, case=case
            )
            uploads.files.append(received)
        except FileRefusedError as refusal:
            uploads.refused = refusal_text(refusal.reason_code, refusal.facts, visit.locale)
        except FileStoreError:
            uploads.refused = str(visit.words["note"]["store"])
    return uploads


async def _taken_before(visit: Visit, posted: Posted) -> Uploads:
    """Files that earlier pages took, by their ids, which nobody guesses; what is swept by now has to be added again."""
    ids = [posted.text(f"file{place}") for place in range(most(visit))]
    wanted = list(dict.fromkeys(id_ for id_ in ids if _ID.fullmatch(id_)))
    rows = await visit.installation.file_ledger.some(wanted)
    staged = [rows[id_] for id_ in wanted if id_ in rows and rows[id_].number is None]
    uploads = Uploads([ReceivedFile(row.id, row.name, row.size, row.type) for row in staged])
    if len(staged) < len(wanted) and not any(id_ in rows for id_ in wanted):
        uploads.refused = str(visit.words["note"]["files_gone"])
    return uploads
