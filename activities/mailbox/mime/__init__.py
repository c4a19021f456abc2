"""From the raw bytes of a mail to its words and files, within bounds (RFC 5322, MIME, R42).

What a mail looks like belongs here; what it means does not. Nothing here does I/O, and whatever the bytes are, the only
error is `mail.UnreadableMailError`.
"""
