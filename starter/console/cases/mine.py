"""`bihuan mine`: what waits for one person, whatever it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from starter.backend.opening import goes_to_server, open_backend
from starter.console.acting import As
from starter.console.screen import AsJson, DataFolder, print_json, print_rich, say, shortened
from workflows.domain.problem import Problem, printable
from workflows.domain.vocabulary import Locale

if TYPE_CHECKING:
    from rich.console import RenderableType

    from activities.queries.people import People
    from worker.installation.company_time import CompanyTime

_DUE = "%m-%d %H:%M"


async def mine(*, by: As, as_json: AsJson = False, data: DataFolder = None) -> None:
    """What waits for you: your cases by their next deadline, calls to make, escalations to acknowledge, tasks of your
    departments, reviews.

    Example: bihuan mine --as agent-001
    """
    if not (person := by.strip()) and not goes_to_server(data):
        raise Problem("--as is empty; allowed: a person's id")
    backend = open_backend(data)
    work = await backend.work(person)
    if as_json:
        print_json(work)
        return
    people = await backend.people()
    parts = list(_parts(work, await backend.company(), people, await backend.locale()))
    if parts:
        print_rich(*parts)
    else:
        say(f"nothing waits for {people.named(work['person'])}")


def _parts(work: dict[str, Any], company: CompanyTime, people: People, locale: Locale) -> Iterator[RenderableType]:
    from activities.rendering.labels import label

    def until(value: str | None) -> str:
        if not value:
            return "–"
        return company.text(value, _DUE) + (", late" if company.local(value) < company.now() else "")

    yield from _table(
        "My cases",
        ("Number", "P", "Status", "Waits for", "Due", "Customer", "Symptom"),
        [
            (
                case["number"],
                case["priority"],
                label("status", case["status"], locale),
                people.named((case.get("waiting") or {}).get("who")),
                until(case["due"]),
                _customer(case["form"].get("customer")),
                shortened(str((case["form"].get("description") or {}).get("symptom") or ""), 40),
            )
            for case in work["cases"]
        ],
    )
    yield from _table(
        "To tell the customer (bihuan told NUMBER)",
        ("Number", "Customer", "Phone", "Since", "What"),
        [
            (
                call["number"],
                _customer(call["customer"]),
                str((call["customer"] or {}).get("phone") or ""),
                company.text(call["untold"][0]["at"], _DUE),
                ", ".join(label("message", one["message"], locale) for one in call["untold"]),
            )
            for call in work["calls"]
        ],
    )
    yield from _table(
        "To acknowledge (bihuan acknowledge NUMBER)",
        ("Number", "P", "Owner", "Level", "Since"),
        [
            (
                one["number"],
                one["priority"],
                people.named(one["owner"]),
                str(one["escalation_level"]),
                company.text(one["escalated_at"], _DUE),
            )
            for one in work["escalations"]
        ],
    )
    yield from _table(
        "Asked of my departments (bihuan contribute NUMBER)",
        ("Number", "Department", "Duty", "Who", "Due"),
        [
            (
                task["number"],
                task["department"],
                shortened(task["duty"], 60),
                people.named(task["person"]) or "nobody yet",
                until(task["due"]),
            )
            for task in work["tasks"]
        ],
    )
    yield from _table(
        "Reviews",
        ("Case", "State", "Problem", "Due"),
        [
            (
                review["number"],
                label("review_status", review["status"], locale),
                " · ".join(filter(None, (review["product"], review["type"], review["subtype"]))),
                until(review["due"])
                if not review["overdue"]
                else ", ".join(f"late: {one['what']}" for one in review["overdue"]),
            )
            for review in work["reviews"]
        ],
    )


def _table(title: str, columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> Iterator[RenderableType]:
    from starter.console.screen import fitted_table, screen

    if rows:
        table, _ = fitted_table(
            columns, [tuple(map(printable, row)) for row in rows], width=screen().width, title=title,
            spare=("Symptom", "Customer", "Phone"),
        )  # fmt: skip
        yield table


def _customer(customer: Any) -> str:
    known = customer if isinstance(customer, dict) else {}
    return str(known.get("company") or known.get("name") or "")
