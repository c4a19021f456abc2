"""Tests of the simulation behind `bihuan trial`, and of logs made for it (export, ServiceNow).

Tables of its answer belong in `tests/starter/console/company`.
"""
