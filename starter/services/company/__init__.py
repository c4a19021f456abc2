"""What a company decides and writes down: its organisation, its people, its policy, and the trial of another policy.

Nothing here works on a single case (`cases`); how a company's files are read is in `activities.policy` and
`activities.organisation`.
"""
