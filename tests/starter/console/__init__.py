"""Tests of the command line: what is typed, printed and refused. Rooms are those of `starter.console`.

What a command makes a case do belongs in `tests/workflows/domain`; whole cases by commands in
`tests/starter/end_to_end`.
"""
