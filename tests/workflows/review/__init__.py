"""Tests of the review's workflow. Its rules belong in `tests/workflows/domain/review`."""
