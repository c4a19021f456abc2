"""What people can do with cases, whatever the way they come: the console today, web pages and an API next.

Nothing here prints, asks or parses arguments, and nothing imports rich or cyclopts: how an answer is shown is up to the
way people come. Nor are there rules here: a case judges commands by `workflows.domain`.
"""
