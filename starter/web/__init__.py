"""The ways in over HTTP, served by `bihuan web` and in `bihuan up`: the customers' portal, the API, the staff's pages.

Here stands what all of them use: the application, its server, forms, limits, templates. What answers a request is in
the room of its way in. It reads what the services and queries answer, and hands what people do to `starter.services`:
no rule of a case is decided here, and nothing is kept in the process.
"""
