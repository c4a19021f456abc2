"""What is posted by a form: read with bounds on everything, its files given to a case, and which fields are at fault.

What a form says is judged by `activities.intake`, and what is done by it stands in the room of its page.
"""
