"""Tests of the knowledge base: drafts, edits, search and suggestions, on both databases.

`bihuan kb` belongs in `tests/starter/console`, the masking of a draft's texts in `tests/activities/privacy`.
"""
