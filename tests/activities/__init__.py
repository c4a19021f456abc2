"""Tests of activities, mostly over both databases (`conftest.py`), without a Temporal server.

How workflows call activities is tested in `tests/workflows`; what a whole worker does with them in `tests/worker` and
`tests/starter/end_to_end`.
"""
