"""Tests of the services on cases: board and files, without a Temporal server. Pages that show them belong in
`tests/starter/web`.
"""
