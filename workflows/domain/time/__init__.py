"""Working time and its calendar, time that runs at another speed, and how stored times are known (R9).

What measures time or converts it belongs here. What runs out in it does not: a deadline is in `workflows.domain.clock`,
which case has which deadline in the rooms of the aggregates.
"""
