"""The demonstration `bihuan demo`: stories of customers, played at high speed on a real server with a real worker.

Its people, its week and how it is shown belong here, the stories themselves in `stories`; nothing that an
installation in use needs.
"""
