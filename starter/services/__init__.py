"""What people can do with cases, whatever the way they come: console today, web and API next.

No printing and no asking here, and no rules: those are in `workflows.domain`.
"""
