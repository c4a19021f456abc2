"""The simulation behind `bihuan trial`: what a policy would have meant for a log of cases that were handled already.

The rules are those of `workflows.domain`; nothing here knows Temporal, a database, or how figures are shown.
"""
