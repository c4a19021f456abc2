"""Tests of pages and API over real sockets, without a browser: what concerns all of them here, the rest by its way in.

What only a browser can tell belongs in `tests/browser`; rules of who may read or act in `tests/workflows/domain/case`.
"""
