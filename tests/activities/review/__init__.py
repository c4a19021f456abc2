"""Tests of reviews as they are read, drafted and reported.

A review's rules belong in `tests/workflows/domain/review`, its workflow in `tests/workflows/review`.
"""
