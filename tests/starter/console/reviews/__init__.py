"""Tests of `bihuan review`. A review's rules belong in `tests/workflows/domain/review`, its report in
`tests/activities/review`.
"""
