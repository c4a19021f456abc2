"""Tests of what operators ask the record: figures, sweeps, and the health of channels and mailboxes.

The monitoring endpoint belongs in `tests/worker/web`, the checks of `bihuan doctor` in `tests/starter/doctor`.
"""
