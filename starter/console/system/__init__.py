"""Commands for operators: run the system, check it, back it up, upgrade it, encrypt, send messages again.

Commands for those who work on cases are in `starter.console.cases`; what a check looks at is in `starter.doctor`.
"""
