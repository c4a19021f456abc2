"""Tests of what staff do on the telephone: the calls to make, and taking in."""
