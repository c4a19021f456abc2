"""For managers: who has too much now, and what will be late soon; every number leads to its cases (R49)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

from starter.services.cases.board import SOON, Load, Standing, is_overloaded, led_for
from starter.web.staff.board.lines import Naming, list_address

if TYPE_CHECKING:
    from starlette.responses import Response

    from starter.services.identity.bearer import Bearer
    from starter.web.staff.visit import StaffVisit
    from workflows.domain.organisation.organisation import Person

_MOST: Final = 50
_PEOPLE: Final = 200
_NAME: Final = 40


@dataclass(frozen=True)
class PersonLine:
    """`share` is how much of the longest line of the page theirs is, in hundredths."""

    key: str | None
    name: str
    group: str
    load: Load
    is_away: bool
    is_overloaded: bool
    share: int


async def show(visit: StaffVisit, who: Bearer) -> Response:
    """The page for managers, of the cases that they may read."""
    board, installation = visit.site.board, visit.installation
    look = await board.look(installation, fresh=False)
    standing, naming = board.standing(look, who, _MOST), Naming.of(visit, look.at, _NAME, _NAME)
    people = _people(standing, naming, who, installation.local(look.at).date())
    return visit.page(
        "staff/now.html", standing=standing, naming=naming, address=list_address, people=people[:_PEOPLE],
        sees_all=who.sees_all,
        more=len(people[_PEOPLE:]), hours=int(SOON.total_seconds() // 3600), at=look.at,
        soon=[naming.case(one) for one in standing.soon],
    )  # fmt: skip


def _people(standing: Standing, naming: Naming, who: Bearer, today: date) -> list[PersonLine]:
    """Whoever has open cases, and the others of the groups that they answer for, who have room; the most first."""
    organisation = who.organisation
    everybody = organisation.people if organisation is not None else ()
    within = set(led_for(who)) if not who.sees_all else None
    grouped = [one for one in everybody if one.group and (within is None or one.department in within)]
    known = {one.id: one for one in everybody}
    loads: dict[str | None, Load] = {one.id: Load() for one in grouped}
    loads |= standing.people
    most = max((load.open for load in loads.values()), default=0) or 1

    def line(key: str | None, load: Load) -> PersonLine:
        person = known.get(key or "")
        others = _others(person, grouped, loads, today)
        group = organisation.group(person.group) if organisation is not None and person and person.group else None
        return PersonLine(
            key, naming.person(key), naming.department(group.id) if group else "", load,
            person is not None and person.is_away(today), is_overloaded(load.open, others), load.open * 100 // most,
        )  # fmt: skip

    return sorted(
        (line(key, load) for key, load in loads.items()), key=lambda one: (-one.load.open, -one.load.late, one.name)
    )


def _others(person: Person | None, grouped: Sequence[Person], loads: dict[str | None, Load], today: date) -> list[int]:
    """Open cases of each other of their group who is at work."""
    if person is None or not person.group:
        return []
    peers = [one for one in grouped if one.group == person.group and one.id != person.id and not one.is_away(today)]
    return [loads[one.id].open for one in peers]
