"""Rules of a case, one module a group: functions over the state, for the aggregate alone. Who may give a command is in
`handlers` of the room above, what a recorded view says in `recorded`.

Others use of them `corrections`, `departments.task_request`, `closing.calls_for_review` and `deadlines.DUTIES`.
"""
