"""Tests of what a mail means: whose case, what kind, which words are its writer's; without I/O.

What is done with the mail then belongs in the folder above, decoding in `mime`.
"""
