"""Tests of the workflow of a department's task. Its rules belong in `tests/workflows/domain/collaboration`."""
