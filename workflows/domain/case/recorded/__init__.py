"""Questions to a recorded case, decided on the JSON of its view: what is late, what a person may do, where it stands.

For what reads many cases or has to start quickly: nothing here needs pydantic or the aggregate. Reading the record
belongs in `activities.queries`.
"""
