"""The policy: found and read from its file, in force at a worker, with its calendar; the shipped policies beside it.

What a policy may say and what it means is in `workflows.domain.policy`.
"""
