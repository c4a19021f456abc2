"""Lists of cases: one's own, a department's, those nobody has taken on, what is stuck, a search (R49)."""
