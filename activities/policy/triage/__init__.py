"""Data and learning for triage: the shipped rules, lists of words by name, and weights learned from sentences (R8).

How rules are applied to a text is in `workflows.domain.policy`; nothing here sees a case.
"""
