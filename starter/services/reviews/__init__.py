"""Reviews of closed cases, read and written about (R27).

Commands to a review go the way of all commands, by `starter.services.cases.commands`.
"""
