"""The page of one case, and what somebody does there (R45, R48, R49).

Lists that lead to it are in `desk`; what is open to somebody comes from `starter.services.cases.actions`.
"""
