"""Tests of services that no way in shows completely by itself. What console, API and pages make of their answers
belongs in `tests/starter/console` and `tests/starter/web`.
"""
