"""What surrounds bihuan in the demonstration: a mail server with the service's mailbox, a gateway for short messages,
and people who write letters. All of it is on this machine, and nothing leaves it. People who use the pages are in the
room above; servers that fail on purpose are in `tests.faults.outside`.
"""
