"""What goes wrong with a mailbox. Each text is one line without a secret."""

from __future__ import annotations


class MailboxError(Exception):
    """The mailbox cannot be read now."""


class MailboxLoginError(MailboxError):
    """User name, password or token were refused: somebody has to correct the settings."""
