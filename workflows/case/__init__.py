"""The durable workflow of a customer issue, around the rules of `workflows.domain.case`.

No rules here: what a command or a deadline means is decided in the domain.
"""
