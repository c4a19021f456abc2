"""Who somebody is to us, and what they do as that: bearers of tokens, customers with a one-time code (R40, R45, R47).

Which case somebody may see or change is a rule of `workflows.domain`; what is done once it is known who asks is done by
the other services.
"""
