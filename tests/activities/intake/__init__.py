"""Tests of the registration form and the register of numbers.

Type, priority and owner of what was registered belong in `tests/activities/opening`, ways in (console, pages, mail)
with their own rooms.
"""
