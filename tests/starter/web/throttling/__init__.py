"""Tests of rate limits and of the queue of strangers. Counted tries in the database belong in
`tests/activities/portal`.
"""
