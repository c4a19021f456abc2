"""Tests of the sweep on a real server: what it takes up, and what it only reports.

The workflow that a Schedule starts for it belongs in `tests/workflows`, `bihuan stuck` and `doctor` in `tests/starter`.
"""
