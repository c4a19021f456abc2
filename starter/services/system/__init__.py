"""What those who run an installation do: channels, mailboxes, keys, schema, backup, and what is stuck or lost (R30).

Looking at and working on a case that goes as it should does not belong here.
"""
