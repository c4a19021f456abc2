"""Tests of workflows on real and time-skipping servers, with activities in memory, and of recorded histories replayed.

Rules without Temporal belong in `domain`; real activities in `tests/activities`.
"""
