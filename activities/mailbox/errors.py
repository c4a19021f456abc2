"""What goes wrong with a mailbox. Each text is one line without a secret."""

from __future__ import annotations


class MailboxError(Exception):
    """The mailbox cannot be read now."""


class MailboxHeldError(MailboxError):
    """Another installation reads the mailbox: somebody has to decide which one does."""


class MailboxLoginError(MailboxError):
    """User name, password or token were refused: somebody has to correct the settings."""
