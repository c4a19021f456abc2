"""Tests of tokens, the audit log and idempotency keys in the record.

Signing in by a page belongs in `tests/starter/web`, tokens over HTTP in `tests/starter/web/api`.
"""
