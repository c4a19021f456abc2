"""Tests, in the same rooms as what they test: `tests/activities/mailbox` tests `activities.mailbox`.

In the root stands what tests of several rooms share. Journeys through a whole installation are in `starter/end_to_end`,
`starter/web`, `browser` and `faults`; measurements are no tests and stand in `benchmarks/` at the repository's root.
"""
