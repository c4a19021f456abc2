"""Tests of the pages of the staff over real sockets: signing in here, each subject's pages in the folder of its room.

Who of the staff may read or do what belongs in `tests/workflows/domain/case`, pages in a real browser in
`tests/browser`.
"""
