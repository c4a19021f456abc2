"""Tests of the rules of a review. Its workflow belongs in `tests/workflows/review`, its report in
`tests/activities/review`.
"""
