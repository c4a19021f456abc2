"""Read-only questions to the record: cases, what needs attention, figures for monitoring, exports (R30).

A query fetches; what it decides on a case or a review is a rule and belongs in `workflows.domain`.
"""
