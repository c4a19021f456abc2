"""The worker: its settings and installation, the connection to Temporal, and the process that runs all cases.

What touches the world for a case (database, mail, files) is in `activities`; commands for people are in `starter`.
"""
