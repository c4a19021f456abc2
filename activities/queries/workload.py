"""Open cases that may ask something of one person, read with the database's driver alone (R30)."""

from __future__ import annotations

from operator import itemgetter

from activities.database.reader import open_reader
from activities.database.url import DatabaseUrl
from activities.queries.case_record import CaseRecord
from workflows.domain.vocabulary import Status

# Open cases are few beside all cases; the text of their views is looked through for what has no column. They are put
# in order afterwards: in the order of numbers SQLite would look through all cases.
_CONCERNING = """
SELECT r.number, r.channel, r.received_at, r.started_at, r.form, c.view
FROM case_record AS c JOIN registration AS r ON r.number = c.number
WHERE c.closed_at IS NULL
  AND (c.owner = $1 OR CAST(c.view AS TEXT) LIKE $2 OR CAST(c.view AS TEXT) LIKE '%"collaborations":[{%')
"""

# The same: a customer who has to be told by somebody whom the case names, or asked whether it is solved.
_CALLED = f"""
SELECT r.number, r.channel, r.received_at, r.started_at, r.form, c.view
FROM case_record AS c JOIN registration AS r ON r.number = c.number
WHERE c.closed_at IS NULL AND (
    (CAST(c.view AS TEXT) NOT LIKE '%"untold":[]%' AND CAST(c.view AS TEXT) LIKE $1)
    OR (c.status IN ('{Status.AWAITING_CONFIRMATION}', '{Status.AWAITING_RATING}') AND CAST(c.view AS TEXT) LIKE $2)
)
"""  # noqa: S608 - constants only

# What rules out most cases comes first: each look through a text costs.
_ASKING = """
SELECT r.number, r.channel, r.received_at, r.started_at, r.form, c.view
FROM case_record AS c JOIN registration AS r ON r.number = c.number
WHERE c.closed_at IS NULL AND (
    (c.escalation_level > 0 AND CAST(c.view AS TEXT) LIKE $1)
    OR (CAST(c.view AS TEXT) NOT LIKE '%"untold":[]%' AND CAST(c.view AS TEXT) LIKE $2)
    OR (CAST(c.view AS TEXT) LIKE '%"collaborations":[{%' AND CAST(c.view AS TEXT) LIKE '%"status":"open"%')
)
"""


async def open_cases_asking(address: DatabaseUrl, person: str) -> list[CaseRecord]:
    """Every open case that asks something else of this person than to move it: an escalation that went to them, a
    customer who has to be told, a department's task that is open; more than are theirs, never fewer.

    Raises:
        Problem: the database cannot be read.
    """
    async with open_reader(address) as reader:
        rows = await reader.rows(_ASKING, f'%"escalated_to":"{person}"%', f'%"{person}"%')
    return [CaseRecord.of(row) for row in sorted(rows, key=itemgetter("number"))]


async def open_cases_calling(address: DatabaseUrl, person: str) -> list[CaseRecord]:
    """Every open case that may ask a call to the customer of this person; more than do, never fewer.

    Raises:
        Problem: the database cannot be read.
    """
    async with open_reader(address) as reader:
        rows = await reader.rows(_CALLED, f'%"{person}"%', f'%"follow_up":"{person}"%')
    return [CaseRecord.of(row) for row in sorted(rows, key=itemgetter("number"))]


async def open_cases_concerning(address: DatabaseUrl, person: str) -> list[CaseRecord]:
    """Every open case that names this person, and every one in which a department has or had a task; more than are
    theirs, never fewer.

    Raises:
        Problem: the database cannot be read.
    """
    async with open_reader(address) as reader:
        rows = await reader.rows(_CONCERNING, person, f'%"{person}"%')
    return [CaseRecord.of(row) for row in sorted(rows, key=itemgetter("number"))]
