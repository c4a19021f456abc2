"""The board on the wall, and the page for managers: what stands open now, in numbers that lead to their cases (R49)."""
