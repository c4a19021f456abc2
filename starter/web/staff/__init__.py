"""The pages of the staff: signing in, and what somebody who has signed in sees and does (R45, R48, R49).

A page here is a function of a `StaffVisit` and of who it is (`visit.signed_in` makes it one), and extends
`templates/web/staff/base.html`. Who somebody is comes from their session alone; what they may see and do is decided by
the services and the case.
"""
