"""What all durable objects share (the entity-workflow pattern): loop, inbox, display, recorded steps, next run.

Nothing here knows a case, a department's task or a review; what is special to one of them belongs in its own room.
"""
