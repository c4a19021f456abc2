"""Tests of the pure core: no server, no database, time passed by hand.

Whatever needs Temporal belongs in the folder above; how files of policy and organisation are read in
`tests/activities/policy` and `tests/starter/console/company`.
"""
