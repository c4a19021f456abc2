"""What guards the customer's door in the record: sessions, one-time codes, and how often somebody tried.

No page, no cookie and no HTTP belong here, and nothing that a case decides. Times called `now` are the wall clock's.
"""
