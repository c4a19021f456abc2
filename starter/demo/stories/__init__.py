"""The stories of the demonstration: their forms, who does what in them and when, and how each has to end.

What plays a story (people, browser, mailbox, week) and what shows it stays in the room above.
"""
