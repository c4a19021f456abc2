"""Tests of the portal's tables: sessions, one-time codes, counted tries; on both databases.

Cookies, pages and HTTP belong in `tests/starter/web`.
"""
