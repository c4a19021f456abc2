"""Tests of decoding the bytes of a mail. What its words mean belongs in `interpretation`.

Mails made to exhaust the reader are tried as a whole in `test_hostile` of the folder above.
"""
