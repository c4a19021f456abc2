"""The durable workflow of a review of closed cases (R27), around the rules of `workflows.domain.review`.

No rules here; how a case starts its review is in `workflows.case.reviews`.
"""
