"""Everything that touches the outside world: database, files, mail, templates; Temporal's activities among it.

Rules that need none of these belong in `workflows.domain`; processes, settings and connections in `worker`; what people
type in `starter`. At the root stands only what several of these packages use.
"""
