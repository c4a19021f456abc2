"""The pure core: rules over plain objects. No Temporal, no I/O, no clock of its own.

In the root stands what every room uses: times, calendars, clocks, events, vocabulary, ids.
"""
