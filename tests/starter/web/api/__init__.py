"""Tests of the API: every request and answer held to its OpenAPI document.

The console that uses the API from another machine belongs in `tests/starter` (`test_remote`, `both_ways`).
"""
