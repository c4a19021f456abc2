"""The checks of `bihuan doctor`, one a function: settings, Temporal, workers, database, mail, templates, company data.

A check looks and reports; only the sweep by hand changes anything. A module knows none of the others: what two checks
need is in `starter.doctor.context`.
"""
