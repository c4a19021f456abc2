"""Closed cases, kept in files of their own (R28)."""
