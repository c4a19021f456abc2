"""Tests of webhooks: settings, signature, permitted addresses, delivery, against real sockets.

The rows that recording a step adds for them are tested in `tests/activities/recording`, the receiver that the docs
show in `tests/starter/web/api`.
"""
