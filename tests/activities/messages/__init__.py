"""Tests of messages: their texts in both languages, links, routes, and a company's own templates.

Filters and labels that templates use belong in `tests/activities/rendering`, sending in `tests/activities/delivery`.
"""
