"""The page of one case, and what somebody does there (R45, R48, R49).

Lists that lead to it are in `desk`; which commands somebody may give is decided by `starter.services.cases.actions`.
"""
