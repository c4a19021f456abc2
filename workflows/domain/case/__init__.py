"""A customer issue as a pure object: state, commands, deadlines, and what is shown of it. Nothing here reads a policy.

For other packages: `aggregate` (the object), `view` and `view_json` (what is seen of it), `overdue` and
`customer_status` (questions to a recorded view), `handlers` and `capacity` (who may give which command), and of the
rules `departments.task_request`, `closing.calls_for_review`, `deadlines.DUTIES` and `state.Forward`. Every other module
is one group of rules over the state, for the aggregate alone.
"""
