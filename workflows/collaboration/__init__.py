"""The durable workflow of one department's task in a case (R18): what it does around the rules of `workflows.domain.collaboration`.

No rules here; how a case starts and ends its tasks is in `workflows.case.departments`.
"""
