"""Tests of what a Temporal server is asked: TLS, search attributes, Schedules, deployments, starting workflows.

The embedded server itself belongs in `tests/worker/embedded`, workflow code in `tests/workflows`.
"""
