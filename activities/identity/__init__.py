"""Who somebody is: tokens of people and systems, the audit log, and under which key a caller asked for what.

No HTTP and no command line belong here, and nothing that says what somebody may do to a case. Times called `now` are
the wall clock's.
"""
