"""Tests of the case's workflow. What all durable objects share belongs in `tests/workflows/entity`, rules in
`tests/workflows/domain/case`.
"""
