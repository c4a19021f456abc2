"""Tests of intake in bulk. Single forms belong in `tests/activities/intake`, tables on the command line in
`tests/starter/console/cases`.
"""
