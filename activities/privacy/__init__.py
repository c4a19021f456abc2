"""What must not be read by everybody: customers' words in errors and logs, personal data in what outlives a case.

Encryption of what Temporal stores is in `worker.encryption`; when a case is masked is for `activities.archive` to say.
"""
