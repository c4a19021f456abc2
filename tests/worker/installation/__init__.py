"""Tests of settings, private files and what processes of an installation share; no Temporal server is needed.

What `bihuan doctor` says of settings belongs in `tests/starter/doctor/checks`.
"""
