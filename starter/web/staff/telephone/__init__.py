"""What staff do on the telephone: calls that they have to make, and issues that they take in while a caller speaks.

A call's result as one form among others is in `case`; what is proposed meanwhile comes from `starter.services.intake`.
"""
