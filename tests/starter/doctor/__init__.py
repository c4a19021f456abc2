"""Tests of `bihuan doctor`: what is wrong with an installation is named with the way out, and mended where it can be.

Checks of one subject (channels, company, files, links) belong in `checks`.
"""
