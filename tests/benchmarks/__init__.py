"""Tests that the measurements in `benchmarks/` run, count and refuse as they should.

No test here judges speed; `make years`, `make life` and their like do, by hand.
"""
