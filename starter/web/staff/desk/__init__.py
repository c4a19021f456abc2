"""Lists of cases: one's own, a department's, those nobody has taken on, what is stuck, a search (R49).

The page of one case is in `case`, the calls to make in `telephone`, numbers over all cases in `board`.
"""
