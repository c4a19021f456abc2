"""A company's people and departments as data, and who of them is given a case (R11, R12)."""
