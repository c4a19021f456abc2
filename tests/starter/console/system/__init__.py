"""Tests of operators' commands: service, backup, schema, channels, mailboxes, webhooks, resending.

The checks of `bihuan doctor` belong in `tests/starter/doctor`, the parts behind backup and schema in `tests/worker` and
`tests/activities/database`.
"""
