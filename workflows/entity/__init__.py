"""The machinery of every durable object (the entity-workflow pattern): inbox, question, display, next run, recorded steps.

Nothing here knows a case, a department's task or a review; what is special to one of them belongs in its own room.
"""
