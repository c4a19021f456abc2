"""Tests of the rules of a department's task, alone and with its case. Its workflow belongs in
`tests/workflows/collaboration`.
"""
