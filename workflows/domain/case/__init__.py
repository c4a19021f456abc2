"""A customer issue as a pure object: state, commands, deadlines, and what is shown of it.

`aggregate` is the way in; each other module is one group of rules over the state. Nothing here knows a policy file.
"""
