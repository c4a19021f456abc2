"""What each vendor of short messages or chat groups is asked, and what its answer means (R44); one module a vendor.

What all channels have in common does not belong here: settings, pace, the request over HTTP, the template of a message.
A new vendor is a module here, its settings in `activities.channels.settings`, and a line in `build`.
"""
