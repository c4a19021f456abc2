"""Tests of each vendor's requests and answers, against servers on this machine that behave as documented.

Nothing here asks a real vendor. Settings and rate limits belong in the folder above.
"""
