"""The port carried out by requests to the API of a server.

Nothing here imports what only a server needs; the API's own side is `starter.web.api`.
"""
