"""The pages: the customers' portal now, the API and the desk later; served by `bihuan web` and within `bihuan up`.

A page reads what the services and queries answer, and hands what a customer does to `starter.services`: no rule of a
case is decided here, and nothing is kept in the process.
"""
