"""Tests of reading a policy file, its calendars, and which policy is in force at a worker.

What the keys of a policy mean for a case belongs in `tests/workflows/domain/policy`.
"""
