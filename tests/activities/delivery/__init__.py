"""Tests of the outbox and of mail over SMTP, against a real SMTP server: each message once, or its failure known.

The text of a message belongs in `tests/activities/messages`, webhooks in `tests/activities/webhooks`, a mail server
that fails under a whole installation in `tests/faults`.
"""
