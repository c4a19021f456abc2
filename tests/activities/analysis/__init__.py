"""Tests of the analysis report: figures recounted by independent SQL, findings, files, mails.

The Schedule that starts the report belongs in `tests/worker/temporal` and `tests/workflows`, `bihuan report` in
`tests/starter/console`.
"""
