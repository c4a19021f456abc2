"""Tests of `bihuan policy`, `org` and the tables of `trial`. The simulation itself belongs in `tests/starter/trial`."""
