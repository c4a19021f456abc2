"""How an issue becomes a case: forms checked, taken in one by one or in bulk, registered and started (R1-R3).

What happens to a case afterwards belongs in `starter.services.cases`; which way the form came is for that way to know.
"""
