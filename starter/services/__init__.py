"""What people can do with cases, whatever the way they come: console, web pages, API.

Nothing here prints, asks or parses arguments, and nothing imports rich or cyclopts: how an answer is shown is up to the
way people come. Nor are there rules here: a case judges commands by `workflows.domain`.

The rooms are those of the console: `cases`, `reviews`, `company`, `system`; besides, `intake` (how an issue becomes a
case) and `identity` (who somebody is to us). In the root stands what is about no single case.
"""
