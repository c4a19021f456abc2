"""Tests of commands on cases. What concerns all commands (options, screen, editor) belongs in the folder above.

Services behind the commands are tested in `tests/starter/services/cases`.
"""
