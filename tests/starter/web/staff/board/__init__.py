"""Tests of the board and of the managers' page. The figures on them are tried in `tests/starter/services/cases`."""
