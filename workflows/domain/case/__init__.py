"""A customer issue as a pure object: state, commands, deadlines, and what is shown of it. Nothing here reads a policy.

For other packages: `aggregate` (the object), `view` (what is seen of it), `recorded` (questions to a recorded view),
`handlers` and `capacity` (who may give which command) and `state.Forward`. `rules` is for the aggregate. What a command
says belongs in `workflows.domain.commands`, the workflow in `workflows.case`.
"""
