"""Tests of a case's opening on a real database: type, priority, owner, terms, and later lookups.

The rules of triage and assignment alone belong in `tests/workflows/domain/policy` and `organisation`.
"""
