"""Reading cases, messages and work, by the API."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from starter.backend.http import RefusedError
from starter.backend.remote.server import RemoteServer
from workflows.domain.problem import Problem
from workflows.domain.vocabulary import Locale

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from activities.queries.case_filter import Filter
    from activities.queries.people import People
    from starter.backend.port import Shown

_PAGE: Final = 200


class RemoteReading(RemoteServer):
    """See `Reading`."""

    async def people(self) -> People:
        """The people of the organisation in force."""
        from activities.queries.people import People

        return People(self._context["people"])

    async def locale(self) -> Locale:
        """The locale of the server's settings."""
        return Locale(self._context["locale"])

    async def number_ending(self, digits: str) -> str:
        """The number among the cases that are ours to see."""
        return str(self._api.get("/numbers", ending=digits)["numbers"][0])

    async def suggested_numbers(self, person: str | None) -> Sequence[str]:
        """Ours."""
        del person
        found: list[str] = self._api.get("/numbers")["numbers"]
        return found

    async def case(self, number: str) -> Shown:
        """The case with its timeline."""
        found: Shown = self._of_case(number, timeline=True)
        return found

    async def cases(self, wanted: Filter) -> list[Shown]:
        """A page after the other, until there are as many as are wanted."""
        found: list[Shown] = []
        cursor: str | None = None
        while wanted.limit is None or len(found) < wanted.limit:
            limit = _PAGE if wanted.limit is None else min(_PAGE, wanted.limit - len(found))
            page = self._api.get("/cases", **_query(wanted), limit=limit, cursor=cursor)
            found += page["cases"]
            cursor = page["next"]
            if cursor is None:
                break
        return found

    async def names(self) -> Mapping[str, Sequence[str]]:
        """Names by the organisation and the policy in force."""
        found: dict[str, list[str]] = self._api.get("/names")
        return {name: values for name, values in found.items() if values is not None}

    async def stuck(self) -> tuple[list[Shown], str | None]:
        """What is stuck, of what is ours to see."""
        found = self._api.get("/stuck")
        return found["stuck"], found["warning"]

    async def messages(self, number: str | None, *, status: str | None, limit: int) -> list[Shown]:
        """Messages of one case, or of all that are ours to see."""
        query = {"status": status, "limit": limit, "full": True}
        found = self._api.get("/outbox", **query) if number is None else self._of_case(number, "/outbox", **query)
        messages: list[Shown] = found["messages"]
        return messages

    async def work(self, person: str) -> Shown:
        """The work of the person of the token."""
        self.check_sender(person)
        found: Shown = self._api.get("/mine")
        return found

    async def customer_view(self, number: str, contact: str, locale: Locale | None) -> Shown | None:
        """The contact is no part of an address, which proxies write down."""
        fields = {"contact": contact, **({"locale": locale.value} if locale else {})}
        try:
            view: Shown = self._api.post(f"/cases/{number}/customer-view", fields).value
        except RefusedError as refused:
            if refused.kind == "not_found":
                return None
            raise
        return view

    async def files(self, number: str) -> list[Shown]:
        """The files of the case."""
        return [{**one, "number": number} for one in self._of_case(number, "/files")["files"]]

    async def write_file(self, file: Shown, folder: Path) -> Path:
        """Write the bytes of a file as they came."""
        from starter.services.new_file import write_new

        if file["scan"] == "infected" or file["erased_at"]:
            why = "erased" if file["erased_at"] else "infected"
            raise Problem(f"{file['number']}: {file['name']}: is {why}, and not given out")

        async def chunks() -> AsyncIterator[bytes]:
            for chunk in self._api.stream(f"/files/{file['id']}"):
                yield chunk

        return await write_new(folder, file["name"], chunks())

    async def export(self, since: datetime | None, until: datetime | None) -> AsyncIterator[list[Shown] | str]:
        """A line a case."""
        rest = b""
        for portion in self._api.stream(_export(since, until)):
            *lines, rest = (rest + portion).split(b"\n")
            for line in lines:
                case = json.loads(line)
                yield case["lines"] if "lines" in case else str(case["fault"])
        if rest:
            raise Problem(f"{self._api.url} broke off within a line; again")

    async def export_count(self, since: datetime | None, until: datetime | None) -> int:
        """The number of cases that will be exported."""
        return int(self._api.get(_export(since, until) + ("&" if since or until else "?") + "count=true")["count"])


def _export(since: datetime | None, until: datetime | None) -> str:
    from urllib.parse import urlencode

    span = {"since": since, "until": until}
    query = urlencode({name: moment.isoformat() for name, moment in span.items() if moment is not None})
    return f"/export?{query}" if query else "/export"


def _query(wanted: Filter) -> dict[str, Any]:
    names = ("status", "priority", "type", "subtype", "department", "group", "owner", "escalated", "breached", "text",
             "customer")  # fmt: skip
    query: dict[str, Any] = {name: getattr(wanted, name) for name in names}
    for name in ("since", "until"):
        moment = getattr(wanted, name)
        query[name] = moment.isoformat() if moment is not None else None
    query["open"] = True if wanted.open_only else None
    query["sort"] = wanted.sort if wanted.sort != "received" else None
    return query
