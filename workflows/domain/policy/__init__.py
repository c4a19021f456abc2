"""A company's policy as data: service levels, conditions, triage, periodic reports.

What reads the files is `activities.policy`; what a running case keeps of a policy is `workflows.domain.terms`.
"""
