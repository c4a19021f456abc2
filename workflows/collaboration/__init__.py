"""The durable workflow of a department's task in a case (R18), around the rules of `workflows.domain.collaboration`.

No rules here; how a case starts and ends its tasks is in `workflows.case.departments`.
"""
