"""Tests of the masking of personal data, and of which errors may be repeated in logs.

Which cases are masked, and when, belongs in `tests/activities/archive`; encryption in `tests/worker/encryption`.
"""
