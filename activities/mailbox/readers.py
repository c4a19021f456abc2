"""Which installation reads a mailbox: it leaves a message there, in a folder for that, which tells people and other
installations.

Two installations on one mailbox would make two cases of every mail. Whoever begins to read leaves a message in the
folder `bihuan` and looks which one lies first: that one reads, on every server alike, since a server numbers what comes
in. Marks on the mails themselves would need keywords, which many servers do not keep.
"""

from __future__ import annotations

import hashlib
import imaplib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.utils import format_datetime
from socket import gethostname
from typing import Any, Final

from imapclient import SEEN, IMAPClient
from imapclient.exceptions import IMAPClientError

from activities.mailbox.settings import MailboxSettings
from workflows.domain.model import one_line

_FOLDERS: Final = ("bihuan", "INBOX.bihuan")
"""The second is for servers that keep every folder below the first one."""
_READER, _OF = "X-Bihuan-Reader", "X-Bihuan-Folder"
_MOST: Final = 50
_LARGEST_HEAD: Final = 10_000
_STATE: Final = ("MESSAGES", "UIDNEXT", "UIDVALIDITY")
_TEXT: Final = """\
这封邮件表示：有一套 bihuan（闭环）正在读取此邮箱的文件夹「{folder}」。
请保留它：它让另一套 bihuan 不会重复受理同一封邮件。
只有在这套 bihuan 已经停用之后才删除它，或在新的一套上执行 bihuan mailbox claim。

This message says that an installation of bihuan reads the folder {folder} of this mailbox. Please keep it: another
installation that finds it reads nothing, so that no mail is taken in twice. Delete it only once that installation is
gone, or use `bihuan mailbox claim` on the new one.

{host}, {at}
"""


@dataclass(frozen=True)
class MailboxReader:
    """An installation that reads: its message's `uid` in `folder`, its `id`, and where and since when, for people."""

    folder: str
    uid: int
    id: str
    what: str


def readers_of(client: IMAPClient, settings: MailboxSettings) -> list[MailboxReader]:
    """Who reads this folder of the mailbox, the first in front. Leaves another folder open.

    Raises:
        imaplib.IMAP4.abort: the connection is gone.
    """
    for folder in _FOLDERS:
        try:
            client.select_folder(folder, readonly=True)
        except imaplib.IMAP4.abort:
            raise
        except IMAPClientError:
            continue
        uids = sorted(int(uid) for uid in client.search("ALL"))[:_MOST]
        heads = client.fetch(uids, [f"BODY.PEEK[HEADER]<0.{_LARGEST_HEAD}>"]) if uids else {}
        return [one for uid in uids if uid in heads and (one := _reader(folder, uid, heads[uid], settings))]
    return []


def leave_mark(client: IMAPClient, settings: MailboxSettings, reader: str) -> bool:
    """Say that this installation reads; False where the server takes no such message, such as when it is full.

    Raises:
        imaplib.IMAP4.abort: the connection is gone.
    """
    for folder in _FOLDERS:
        _tried(lambda folder=folder: client.create_folder(folder))  # type: ignore[misc]
        if _tried(lambda folder=folder: client.append(folder, _mark(settings, reader), [SEEN])):  # type: ignore[misc]
            return True
    return False


def _tried(step: Callable[[], object]) -> bool:
    """Whether the server did it; a folder may be there already."""
    try:
        step()
    except imaplib.IMAP4.abort:
        raise
    except IMAPClientError:
        return False
    return True


def remove_marks(client: IMAPClient, readers: Sequence[MailboxReader]) -> None:
    """Take these messages away; nothing else in a mailbox is ever deleted."""
    for folder in {one.folder for one in readers}:
        client.select_folder(folder)
        client.delete_messages([one.uid for one in readers if one.folder == folder], silent=True)
        client.expunge()


def state_of(client: IMAPClient, folder: str) -> dict[Any, Any]:
    """What changes when a message comes into that folder, or goes."""
    return dict(client.folder_status(folder, _STATE))


def _reader(folder: str, uid: int, data: dict[bytes, Any], settings: MailboxSettings) -> MailboxReader | None:
    raw = next((value for key, value in data.items() if key.startswith(b"BODY[HEADER]")), b"")
    head = message_from_bytes(raw if isinstance(raw, bytes) else b"")
    id_ = one_line(str(head.get(_READER) or ""), 100)
    if not id_ or str(head.get(_OF) or "").strip() != _digest(settings.folder):
        return None
    return MailboxReader(folder, uid, id_, one_line(str(head.get("Subject") or ""), 120))


def _mark(settings: MailboxSettings, reader: str) -> bytes:
    at, host = datetime.now(UTC), one_line(gethostname(), 60)
    mail = EmailMessage()
    mail["From"] = mail["To"] = settings.address
    mail["Subject"] = f"bihuan {reader[:8]} reads this mailbox, {host}, since {at:%Y-%m-%d %H:%M}Z"
    mail["Date"] = format_datetime(at)
    mail[_READER], mail[_OF] = reader, _digest(settings.folder)
    mail.set_content(_TEXT.format(folder=one_line(settings.folder, 100), host=host, at=f"{at:%Y-%m-%d %H:%M}Z"))
    return mail.as_bytes()


def _digest(folder: str) -> str:
    """A digest of the folder's name, which may be in any script."""
    name = "INBOX" if folder.upper() == "INBOX" else folder
    return hashlib.sha256(name.encode()).hexdigest()[:16]
