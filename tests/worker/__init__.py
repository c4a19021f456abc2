"""Tests of the worker and of what connects it to Temporal, on one real server that most of them share.

Workers that are killed in the middle of cases belong in `tests/faults`, workflows in `tests/workflows`.
"""
