"""docs/rights.md says who may do what, as the code has it (R45)."""

from __future__ import annotations

from starter.services.identity.acting import OPEN_COMMANDS
from starter.services.identity.bearer import RIGHTS_OF_PEOPLE, RIGHTS_OF_SYSTEMS
from starter.web.api.app import OPERATIONS
from starter.web.staff.app import PAGES
from tests.docs.pages import ROOT, read, rows
from workflows.domain.case.capacity import Capacity
from workflows.domain.case.handlers import HANDLERS
from workflows.domain.commands.case import Attach
from workflows.domain.vocabulary import TokenRight

_HEADS = {"command", "who", "right", "method", "page"}
_TABLES = list(rows(read(ROOT / "docs" / "rights.md")))


def _table(head: str) -> list[list[str]]:
    """The rows below a head, up to the next table."""
    begin = next(index for index, row in enumerate(_TABLES) if row[0] == head) + 2
    end = next((index for index, row in enumerate(_TABLES) if index > begin and row[0] in _HEADS), len(_TABLES))
    return _TABLES[begin:end]


def test_every_command_has_who_may_give_it() -> None:
    said = {row[0].strip("`"): (row[1], row[2] == "yes") for row in _table("command")}
    assert said == {
        kind.name: ("; ".join(handler.permitted), Capacity.CUSTOMER in handler.permitted)
        for kind, handler in HANDLERS.items()
        if kind.name in {*OPEN_COMMANDS, Attach.name}
    }


def test_every_right_has_whose_token_may_have_it() -> None:
    said = {row[0].strip("`"): (row[2] == "yes", row[3] == "yes") for row in _table("right")}
    assert said == {right.value: (right in RIGHTS_OF_PEOPLE, right in RIGHTS_OF_SYSTEMS) for right in TokenRight}


def test_every_address_has_the_right_that_it_needs() -> None:
    said = {(row[0], row[1].strip("`")): row[2] for row in _table("method")}
    needed = {
        (one.method, one.path): " or ".join(f"`{right}`" for right in one.rights) or "any token" for one in OPERATIONS
    }
    assert said == needed


def test_every_page_of_the_staff_has_who_may_come() -> None:
    said = {(row[0], row[1].strip("`")): row[2] for row in _table("page")}
    words = {
        "anybody": "anybody",
        "signed_in": "who is signed in",
        "case": "who may read the case",
        "review": "who may read a case of it, or for whom it waits",
        "all": "who may see every case",
    }
    assert said == {(one.method, one.path): words[one.needs] for one in PAGES}
