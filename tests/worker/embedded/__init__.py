"""Tests of the embedded server and of backup and restore of a data folder.

`bihuan backup` as it is typed belongs in `tests/starter/console/system`.
"""
