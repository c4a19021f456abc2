"""Reports of mail servers on a mail that they could not deliver, by RFC 3464 or by no standard (R42).

A delay is no failure, and a report of success none either. A stranger can write such a report: it counts only with the
id of a mail of ours and a recipient that this mail can have had.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from activities.mailbox.mime.heads import normal_address, normal_id
from activities.mailbox.mime.mail import IncomingMail

_DAEMONS = re.compile(
    r"(?:mailer-?daemon|post-?master|mail-?daemon|mdaemon|bounces?|mail-?delivery)(?:[+-].*)?@", re.IGNORECASE
)
_FAILURES = re.compile(
    r"undeliver|returned (?:mail|to sender)|failure notice|bounce|user unknown|mailbox not found"
    r"|delivery (?:status notification \(failure\)|has failed|failure|failed|to the following)"
    r"|(?:could ?n.t|could not) be delivered|(?:not able|wasn't able) to deliver|permanent (?:fatal )?error"
    r"|退信|退件|被退回|未送达|无法投递|投递失败|发送失败|无法送达|不存在|無法傳遞"
    r"|配信不能|配信できません|unzustellbar|nicht zugestellt|non remis",
    re.IGNORECASE,
)
_DELAYS = re.compile(
    r"delay|still being retried|has not been delivered yet|will (?:be retried|continue|keep trying)|warning only"
    r"|延迟|继续尝试|稍后重试|verzögert|遅延",
    re.IGNORECASE,
)
_ID_IN_TEXT = re.compile(r"<([^<>\s@]{1,300}@[^<>\s@]{1,200})>")
_ADDRESS = re.compile(r"[\w.+-]{1,64}@[\w.-]{1,200}")
_MOST = 50
_LOOKED_AT = 20_000
"""Characters of a report's text; what stands behind is the mail that came back."""


class Fate(StrEnum):
    """What a report says became of a mail."""

    FAILED = "failed"
    DELAYED = "delayed"
    DELIVERED = "delivered"


@dataclass(frozen=True)
class Bounce:
    """`failed` are the recipients that it names; `originals` ids of mails that came back."""

    fate: Fate
    failed: tuple[str, ...]
    originals: tuple[str, ...]
    from_server: bool
    """Whether the sender looks like a mail server: an address of one, or the empty return path."""


def find_bounce(mail: IncomingMail) -> Bounce | None:
    """What a mail reports of another one; None where it reports nothing. Files that came with it are not looked at.

    An absence note has the empty return path, too, so there it is the subject that has to speak of a failure.
    """
    by_daemon = bool(_DAEMONS.match(mail.sender))
    from_server = by_daemon or mail.return_path == ""
    originals = tuple(dict.fromkeys((*mail.original_ids, *_ids_in(mail.text), *mail.in_reply_to, *mail.references)))
    if mail.outcomes:
        failed = tuple(dict.fromkeys(one.recipient for one in mail.outcomes if one.action == "failed"))
        delayed = any(one.action == "delayed" for one in mail.outcomes)
        fate = Fate.FAILED if failed else Fate.DELAYED if delayed else Fate.DELIVERED
        return Bounce(fate, failed, originals, from_server)
    if not from_server or mail.report_type == "disposition-notification":
        return None
    said = f"{mail.subject}\n{mail.text[:_LOOKED_AT]}" if by_daemon else mail.subject
    named = "x-failed-recipients" in mail.automatic or "x-ms-exchange-message-is-ndr" in mail.automatic
    if _DELAYS.search(said) and not named and not _FAILURES.search(mail.subject):
        return Bounce(Fate.DELAYED, (), originals, from_server)
    if named or mail.report_type == "delivery-status" or _FAILURES.search(said):
        return Bounce(Fate.FAILED, _addresses_in(mail), originals, from_server)
    return None


def _addresses_in(mail: IncomingMail) -> tuple[str, ...]:
    """Every address that it may mean; whose they are is asked of the case."""
    found = _ADDRESS.findall(mail.automatic.get("x-failed-recipients", "")) or _ADDRESS.findall(mail.text[:_LOOKED_AT])
    return tuple(dict.fromkeys(normal_address(address) for address in found[:_MOST]))


def _ids_in(text: str) -> list[str]:
    found = [normal_id(match[1].encode()) for match in _ID_IN_TEXT.finditer(text[:_LOOKED_AT])]
    return [id_ for id_ in found if id_][:_MOST]
