"""Tests of single pages of the customers' portal. A whole life by them is in `test_life` of the folder above, pages
in a real browser in `tests/browser`, tables behind them in `tests/activities/portal`.
"""
