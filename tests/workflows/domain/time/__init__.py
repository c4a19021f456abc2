"""Tests of working time and of time at another speed. Deadlines belong in `test_clock` of the folder above, holidays in
`tests/activities/policy`.
"""
