"""What a mail means: whose it is, what it says, and what may be done about it (R42)."""

from __future__ import annotations

from enum import StrEnum

from activities.mailbox.interpretation.bounces import Bounce, Fate, find_bounce
from activities.mailbox.interpretation.classification import Origin, find_origin
from activities.mailbox.interpretation.quotation import OwnWords, own_words, without_tokens
from activities.mailbox.interpretation.threading import (
    Evidence,
    KnownCases,
    OwnAddresses,
    Thread,
    find_thread,
    is_among,
    numbers_in,
)
from activities.mailbox.mime.mail import IncomingMail, UnreadableMailError
from activities.mailbox.mime.parsing import read_mail
from workflows.domain.model import Fact, one_line


class MailKind(StrEnum):
    """What becomes of a mail: a case of its own, words of its customer on a case, a record without any effect, a report
    on a mail of ours, nothing, or kept aside for a person.
    """

    NEW = "new"
    REPLY = "reply"
    AUTO = "auto"
    BOUNCE = "bounce"
    LIST = "list"
    REFUSE = "refuse"


class MailMeaning(Fact):
    """What a mail means.

    Attributes:
        case: the number of the case that it belongs to.
        by: what says so.
        mentions: cases that it names without belonging to them; nothing of them is for its sender.
        text: what its writer wrote; with `words` false nothing was found that is surely theirs, and it is all of it.
        failed: addresses at which a mail of ours could not be delivered, for a bounce that is believed.
        by_staff: the sender is the address of a person of the organisation. It can be forged: a note, never a command.
        answerable: whether an acknowledgement may go out; else it would go to a robot, a list or a forged address.
        note: one line on what a person should know; "" for nothing.
        mail: what was read; None where it could not be.
    """

    kind: MailKind
    case: str | None = None
    by: Evidence | None = None
    mentions: tuple[str, ...] = ()
    text: str = ""
    words: bool = False
    failed: tuple[str, ...] = ()
    by_staff: bool = False
    answerable: bool = False
    note: str = ""
    mail: IncomingMail | None = None

    def line(self) -> str:
        """The meaning in one line, for a console."""
        where = f" {self.case} (by {self.by})" if self.case and self.by else f" {self.case}" if self.case else ""
        sender = self.mail.sender if self.mail else ""
        said = one_line(self.text, 60) or (one_line(self.mail.subject, 60) if self.mail else "")
        parts = [f"{self.kind}{where}", f"from {sender}" if sender else "", said, self.note]
        return one_line(" · ".join(part for part in parts if part), 300)


async def understand(raw: bytes, cases: KnownCases, own: OwnAddresses) -> MailMeaning:
    """What the raw bytes of a mail mean. Never raises for anything that is in them."""
    try:
        mail = read_mail(raw)
    except UnreadableMailError as error:
        return MailMeaning(kind=MailKind.REFUSE, note=f"kept aside: {error}")
    bounce = find_bounce(mail)
    if bounce is not None and not own.is_own(mail.sender):
        return await _bounced(mail, bounce, cases, own)
    if not mail.sender:
        return MailMeaning(kind=MailKind.REFUSE, note="kept aside: it names no sender", mail=mail)
    if mail.message_id and await cases.find_by_message_ids([mail.message_id]):
        return MailMeaning(kind=MailKind.AUTO, note="our own mail", mail=mail)
    thread = Thread() if own.is_own(mail.sender) else await find_thread(mail, cases, own)
    words = own_words(mail.text, mail.subject, own.mailboxes)
    origin = find_origin(mail, words.text if words.found else "", own)
    if origin is Origin.LIST and not (thread.case and thread.by is not Evidence.NUMBER):
        return MailMeaning(kind=MailKind.LIST, note="from a mailing list", mail=mail)
    if origin in (Origin.ROBOT, Origin.OURSELVES):
        note = "our own mail" if origin is Origin.OURSELVES else "written by a robot"
        case = thread.case if origin is Origin.ROBOT else None
        return MailMeaning(kind=MailKind.AUTO, case=case, by=thread.by if case else None, note=note, mail=mail)
    return await _of_a_person(mail, thread, words, cases)


async def _of_a_person(mail: IncomingMail, thread: Thread, words: OwnWords, cases: KnownCases) -> MailMeaning:
    by_staff = await cases.is_staff(mail.sender)
    is_ours = thread.case is not None or bool(thread.note)
    notes = [
        thread.note,
        "from an address of staff: a note, not a command" if by_staff else "",
        "a filter says that it is spam" if mail.spam else "",
        "its sender could not be proved" if mail.failed_authentication else "",
        "no words of their own" if thread.case and not words.found else "",
        *(f"left out: {what}" for what in mail.omitted),
    ]
    return MailMeaning(
        kind=MailKind.REPLY if thread.case else MailKind.NEW,
        case=thread.case,
        by=thread.by,
        mentions=thread.mentions,
        text=words.text if is_ours else without_tokens(mail.text.strip()),
        words=words.found if is_ours else bool(mail.text.strip()),
        by_staff=by_staff,
        answerable=not (mail.spam or mail.failed_authentication),
        note="; ".join(note for note in notes if note),
        mail=mail,
    )


async def _bounced(mail: IncomingMail, bounce: Bounce, cases: KnownCases, own: OwnAddresses) -> MailMeaning:
    """A report belongs to a case only with an id of a mail of ours and a recipient that this mail can have had."""
    kind = MailKind.AUTO if bounce.fate is Fate.DELIVERED else MailKind.BOUNCE
    known = await cases.find_by_message_ids(bounce.originals) if bounce.originals else {}
    numbers = set(known.values())
    by = Evidence.REPORT
    if not numbers and bounce.from_server:
        thread = await find_thread(mail, cases, own)
        numbers = {thread.case} if thread.case else {*thread.mentions, *numbers_in(mail.text)}
        by = thread.by or Evidence.NUMBER
    believed = {
        number: failed for number in numbers if (failed := await _recipients_of(bounce, number, cases, own)) is not None
    }
    if len(believed) != 1:
        return MailMeaning(kind=kind, note="a report on a mail that is none of ours, or not to these people", mail=mail)
    number, failed = next(iter(believed.items()))
    by_number = ", which only the number in it says" if by is Evidence.NUMBER else ""
    notes = {
        Fate.FAILED: f"could not be delivered to {len(failed)} of its recipients{by_number}",
        Fate.DELAYED: "delayed, not failed: the address stays good",
        Fate.DELIVERED: "was delivered",
    }
    return MailMeaning(kind=kind, case=number, by=by, failed=failed, note=notes[bounce.fate], mail=mail)


async def _recipients_of(bounce: Bounce, number: str, cases: KnownCases, own: OwnAddresses) -> tuple[str, ...] | None:
    """The failed recipients that a mail of this case can have gone to; None where there is none of them."""
    if bounce.fate is not Fate.FAILED:
        return ()
    contacts = await cases.contacts_of(number) or ()
    failed = [
        address
        for address in bounce.failed
        if not own.is_own(address) and (is_among(address, contacts) or await cases.is_staff(address))
    ]
    return tuple(failed) or None
