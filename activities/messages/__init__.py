"""What is said to whom: messages composed from events, routed to an address, and rendered.

How templates work is in `activities.rendering`; how a message travels in `activities.delivery`.
"""
