"""A mail as it was read: bounded, decoded, without any character that a database or a header would choke on (R42)."""

from __future__ import annotations

from pydantic import Field

from workflows.domain.model import Fact, Instant


class UnreadableMailError(Exception):
    """A mail that is not taken in: it is kept raw, and a person is told. The text is one line that says why."""


class MailFile(Fact):
    """A file that came with a mail.

    `given` is its name after cleaning, `name` the same told apart from others of its mail; both are labels, never
    paths. `inline`: shown within the text. `kind` is the media type that the sender claims.
    """

    name: str
    given: str
    kind: str
    content: bytes = Field(repr=False)
    inline: bool = False


class DeliveryOutcome(Fact):
    """What a delivery report says of one address of a recipient, who may have two of them.

    `action` is one of RFC 3464: failed, delayed, delivered, relayed, expanded.
    """

    recipient: str
    action: str


class IncomingMail(Fact):
    """What one mail holds.

    Attributes:
        digest: SHA-256 of the raw mail, hexadecimal: with the Message-ID it is the identity of a mail, since different
            mails came with one id (an empty one among them).
        message_id: without <>, the domain in lower case; None where there is none that could tell mails apart.
        given_id: the Message-ID as its sender wrote it, with <>, for a mail that answers it; "" where none can be sent.
        references: ids that it refers to, oldest first, cut in the middle where there are too many.
        in_reply_to: ids that it answers.
        sender: the address in From, its domain in lower case; "" where nobody is named.
        reply_to: where its writer wants answers; "" where it says nothing else than From. It proves nothing.
        recipients: every address in To, Cc and the headers that say whom it was delivered to.
        return_path: None where the server did not write one down, "" for the empty one of automatic mail.
        sent_at: what the sender's clock said; only ever shown.
        automatic: headers by lower-case name that tell robots from people.
        text: the words, quotations among them; line ends are of one kind.
        is_html: the words were in HTML only.
        content_type: of the whole mail, lower case.
        report_type: of a multipart/report, lower case.
        calendar_method: of a calendar part, upper case: REQUEST, REPLY, …
        outcomes: of a delivery report that this mail is, not one that came as a file with it.
        original_ids: Message-IDs of the mails that a report is about.
        failed_authentication: the receiving server says that the sender is not who it claims to be.
        spam: a filter on the way says so.
        omitted: one line each on what was left out of it.
    """

    digest: str
    message_id: str | None = None
    given_id: str = ""
    references: tuple[str, ...] = ()
    in_reply_to: tuple[str, ...] = ()
    sender: str = ""
    sender_name: str = ""
    reply_to: str = ""
    recipients: tuple[str, ...] = ()
    return_path: str | None = None
    subject: str = ""
    sent_at: Instant | None = None
    automatic: dict[str, str] = Field(default_factory=dict)
    text: str = ""
    is_html: bool = False
    files: tuple[MailFile, ...] = ()
    content_type: str = "text/plain"
    report_type: str = ""
    calendar_method: str = ""
    outcomes: tuple[DeliveryOutcome, ...] = ()
    original_ids: tuple[str, ...] = ()
    failed_authentication: bool = False
    spam: bool = False
    omitted: tuple[str, ...] = ()
