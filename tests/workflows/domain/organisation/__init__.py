"""Tests of organisations as data and of the choice of an owner.

How `bihuan org` puts a file in force belongs in `tests/starter/console/company`, mistyped values of company files in
`tests/activities/test_mutated_files.py`.
"""
