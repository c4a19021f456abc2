"""Tests of read-only questions about cases, and of the query plans behind them.

Questions for those who run an installation belong in `monitoring`; who may read which case in
`tests/workflows/domain/case`.
"""
