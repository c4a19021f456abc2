"""What people do with cases that are there: read, list and search them, send commands, attach files, archive them.

How a case comes to be is in `starter.services.intake`, whose word counts in `starter.services.identity`, what goes
wrong with a case outside its rules in `starter.services.system`.
"""
