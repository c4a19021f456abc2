"""Tests of the customer links' tokens and of what is stored of them.

A link inside a message belongs in `tests/activities/messages` and `delivery`, the page behind it in
`tests/starter/web/portal`.
"""
