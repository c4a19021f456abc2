"""Whole cases by commands, on one real server, worker and mail server that all tests of this folder share.

Tests that kill or restart the server belong in `tests/faults` or in the root of `tests/starter`; those by pages and API
in `tests/starter/web`.
"""
