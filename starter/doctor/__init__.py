"""The checks of `bihuan doctor`, one a function: settings, Temporal, workers, database, mail, templates, company data.

A check looks and reports; only the sweep by hand changes anything. How results are shown is the console's business.
"""
