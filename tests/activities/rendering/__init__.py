"""Tests of the filters of templates, and of timeline entries in words.

Whole messages belong in `tests/activities/messages`, pages in `tests/starter/web/rendering`.
"""
