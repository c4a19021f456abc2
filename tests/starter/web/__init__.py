"""Tests of pages and API over real sockets, without a browser; the staff's pages stand in the root of this folder.

What only a browser can tell belongs in `tests/browser`; rules of who may read or act in `tests/workflows/domain/case`.
"""
