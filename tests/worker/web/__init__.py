"""Tests of the worker's own endpoints and web server. Pages for customers and staff belong in `tests/starter/web`."""
