"""The periodic analysis report of customer issues: figures, findings, charts, files, mail (R29).

It counts timelines and knows nothing of single cases as people read them; the report of one review is in
`activities.review`, figures for a monitoring system in `activities.queries.monitoring.metrics`.
"""
