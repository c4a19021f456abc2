"""What every durable object has in common (the entity-workflow pattern): its loop, inbox, display, recorded steps, next run.

Nothing here knows a case, a department's task or a review; what is special to one of them belongs in its own room.
"""
