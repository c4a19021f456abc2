"""Closed cases packed into files, and their customers' personal data masked in the database later (R28).

Which texts are personal, and the mask itself, are in `activities.privacy`; copies of the whole database in
`worker.embedded.backup`.
"""
