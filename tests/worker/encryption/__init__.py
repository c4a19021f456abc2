"""Tests of the payload codec. The codec's endpoint belongs in `tests/worker/web`, changes of keys under running cases
in `tests/starter` (`key_rotation`).
"""
