"""Open cases that may ask something of one person, read with the database's driver alone (R30)."""

from __future__ import annotations

from operator import itemgetter

from activities.database.reader import open_reader
from activities.database.url import DatabaseUrl
from activities.queries.case_record import CaseRecord
from workflows.domain.vocabulary import Status

# Open cases are few beside all cases; the text of their views is looked through for what has no column.
_OPEN = """
SELECT r.number, r.channel, r.received_at, r.started_at, r.form, c.view
FROM case_record AS c JOIN registration AS r ON r.number = c.number
WHERE c.closed_at IS NULL AND
"""
_CONCERNING = """(
    c.owner = $1 OR CAST(c.view AS TEXT) LIKE $2 OR CAST(c.view AS TEXT) LIKE '%"collaborations":[{%'
)"""

# A customer who has to be told by somebody whom the case names, or asked whether it is solved.
_CALLED = f"""(
    (CAST(c.view AS TEXT) NOT LIKE '%"untold":[]%' AND CAST(c.view AS TEXT) LIKE $1)
    OR (c.status IN ('{Status.AWAITING_CONFIRMATION}', '{Status.AWAITING_RATING}') AND CAST(c.view AS TEXT) LIKE $2)
)"""

# What rules out most cases comes first: each look through a text costs.
_ASKING = """(
    (c.escalation_level > 0 AND CAST(c.view AS TEXT) LIKE $1)
    OR (CAST(c.view AS TEXT) NOT LIKE '%"untold":[]%' AND CAST(c.view AS TEXT) LIKE $2)
    OR (CAST(c.view AS TEXT) LIKE '%"collaborations":[{%' AND CAST(c.view AS TEXT) LIKE '%"status":"open"%')
)"""


async def open_cases_asking(address: DatabaseUrl, person: str) -> list[CaseRecord]:
    """Every open case that asks something else of this person than to move it: an escalation that went to them, a
    customer who has to be told, a department's task that is open; more than are theirs, never fewer.

    Raises:
        Problem: the database cannot be read.
    """
    return await _open_cases(address, _ASKING, f'%"escalated_to":"{person}"%', f'%"{person}"%')


async def open_cases_calling(address: DatabaseUrl, person: str) -> list[CaseRecord]:
    """Every open case that may ask a call to the customer of this person; more than do, never fewer.

    Raises:
        Problem: the database cannot be read.
    """
    return await _open_cases(address, _CALLED, f'%"{person}"%', f'%"follow_up":"{person}"%')


async def open_cases_concerning(address: DatabaseUrl, person: str) -> list[CaseRecord]:
    """Every open case that names this person, and every one in which a department has or had a task; more than are
    theirs, never fewer.

    Raises:
        Problem: the database cannot be read.
    """
    return await _open_cases(address, _CONCERNING, person, f'%"{person}"%')


async def _open_cases(address: DatabaseUrl, which: str, *values: str) -> list[CaseRecord]:
    async with open_reader(address) as reader:
        rows = await reader.rows(_OPEN + which, *values)
    # Not in the statement: in the order of numbers SQLite would look through all cases.
    return [CaseRecord.of(row) for row in sorted(rows, key=itemgetter("number"))]
