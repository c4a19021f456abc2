"""The pure core: rules over plain objects. No Temporal, no I/O, no clock of its own.

In the root stands what every room uses: clocks, terms, events, vocabulary, ids; calendars and times are in `time`.
"""
