"""Tests of writing a step: row, timeline and outbox in one transaction, also when it is written twice.

How a workflow calls it, and what a replay makes of its answer, belongs in `tests/workflows/entity`.
"""
