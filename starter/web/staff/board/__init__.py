"""The board on the wall, and the page for managers: what stands open now, in numbers that lead to their cases (R49).

What is counted, and for whom, is in `starter.services.cases.board`; lists of cases are in `desk`.
"""
