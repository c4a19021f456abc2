"""Rules of a case, one module a group: functions over the state, for the aggregate alone.

Others use of them `corrections`, `departments.task_request`, `closing.calls_for_review` and `deadlines.DUTIES`.
"""
