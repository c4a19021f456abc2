"""Tests of the rules of a case, month by month without waiting.

How the workflow carries them belongs in `tests/workflows/case`, how steps are written in `tests/activities/recording`.
"""
