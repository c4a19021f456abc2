"""Tests of what people use, and of whole installations run as processes.

In the root: how such processes are started, and journeys that no single room owns (privacy, drain, PostgreSQL). What
needs faults on purpose belongs in `tests/faults`, what needs a real browser in `tests/browser`.
"""
