"""Messages to customers and staff: composed from a case's notices, routed to an address, rendered.

How templates work is in `activities.rendering`; how a message travels in `activities.delivery`.
"""
