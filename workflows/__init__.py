"""Durable workflows and the pure core they carry (`domain`).

No database, template or network here: what needs one is an activity, in `activities`; the worker is in `worker`.
"""
