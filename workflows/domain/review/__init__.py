"""The review of closed cases as a pure object (R27).

For other packages: `aggregate` (the object), `view` (its request and what is seen of it), `view_json` and `overdue`
(the view as the record keeps it). `state`, `rules` and `deadlines` are the aggregate's own.
"""
