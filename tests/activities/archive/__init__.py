"""Tests of archiving closed cases and of masking them afterwards, with processes killed in between.

Masking of single texts belongs in `tests/activities/privacy`, `bihuan archive` in `tests/starter/console/cases`.
"""
