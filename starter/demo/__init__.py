"""The demonstration `bihuan demo`: stories of customers, played at high speed on a real server with a real worker.

What a story is, its people, its week and how it is shown belong here; nothing that an installation in use needs.
"""
