"""Wiring: settings, the embedded Temporal server, and the worker process."""
