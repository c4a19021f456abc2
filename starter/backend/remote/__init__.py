"""The port by the API of a server. Nothing here imports what only a server needs."""
