"""Tests of readiness, liveness and worker presence. Their endpoints belong in `tests/worker/web`, figures of the record
in `tests/activities/queries/monitoring`.
"""
