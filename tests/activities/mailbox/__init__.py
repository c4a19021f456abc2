"""Tests of the service mailbox: mails fetched over IMAP and taken in, once each, whatever they hold.

Pure reading belongs in `mime` (bytes to words) and `interpretation` (words to meaning); the sample mails of both are
in `mails/`. A mailbox that dies under a whole installation belongs in `tests/faults/outside`.
"""
