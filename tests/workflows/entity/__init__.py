"""Tests of the loop that all durable objects share: races, floods, faults, new runs.

What is special to one object belongs in `tests/workflows/case`, `collaboration` or `review`.
"""
