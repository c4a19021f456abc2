"""Tests of what all channels share: settings and rate limits.

What one vendor is asked belongs in `vendors`, the choice of a channel in `tests/activities/messages`, retries and
fallback in `tests/activities/delivery`.
"""
