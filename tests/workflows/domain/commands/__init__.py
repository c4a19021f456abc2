"""Tests of commands as they are sent: fields, bounds, refusals in one line.

What a command does to a case belongs in `tests/workflows/domain/case`.
"""
