"""How a registered submission becomes a case: type, priority, owner and terms, settled once (R5, R8-R13).

The rules of triage and assignment are in `workflows.domain`; here they meet the policy in force, the organisation, the
calendar and the loads of owners.
"""
