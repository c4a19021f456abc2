"""Tests of the page of one case. What is open to whom is tried in `tests/workflows/domain/case`."""
