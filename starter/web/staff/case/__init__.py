"""The page of one case, and what somebody does there (R45, R48, R49)."""
