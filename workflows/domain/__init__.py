"""The pure core: rules over plain objects. No Temporal, no I/O, no clock of its own.

What needs a server, a file or the time of day belongs in `workflows.entity` or `activities`. In the root stands what
every room uses: clocks, terms, events, vocabulary, ids; calendars and times are in `time`.
"""
