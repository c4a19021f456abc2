"""Tests of starter.web.staff.desk: the lists, and who may see which page of the staff.

A single case is tried in `tests.starter.web.staff.case`, the lists in a real browser in `tests.browser`.
"""
