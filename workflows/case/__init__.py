"""The durable workflow of one customer issue: what it does around the rules of `workflows.domain.case`.

No rules here: what a command or a deadline means is decided in the domain.
"""
