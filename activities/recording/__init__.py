"""Each step of a case or review written in one transaction: row, timeline, outbox, and what a closing sets off (R14).

Reading it again is for `activities.queries`.
"""
