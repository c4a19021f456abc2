"""Tests of `bihuan demo`: how it runs, ends and cleans up. Its stories are recorded as histories, too: those
are replayed in `tests/workflows/test_replay.py`.
"""
