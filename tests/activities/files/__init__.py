"""Tests of attached files: name, content, scan, store.

Files in a backup belong in `tests/worker/embedded`, files of a whole case in `tests/starter/services/cases`, uploads
by a page in `tests/starter/web`.
"""
