"""Reading cases, messages and work, by the services."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING

from starter.backend.local.installed import Installed
from workflows.domain.problem import Problem

if TYPE_CHECKING:
    from pathlib import Path

    from activities.queries.case_filter import Filter
    from activities.queries.people import People
    from starter.backend.port import Shown
    from workflows.domain.vocabulary import Locale


class LocalReading(Installed):
    """See `Reading`."""

    async def people(self) -> People:
        """See `known_people`."""
        from starter.services.company.people import known_people

        return await known_people(self.place)

    async def locale(self) -> Locale:
        """The locale of the settings."""
        return self.place.locale

    async def number_ending(self, digits: str) -> str:
        """See `number_ending`."""
        from starter.services.cases.numbers import number_ending

        return await number_ending(self.place, digits)

    async def suggested_numbers(self, person: str | None) -> Sequence[str]:
        """See `suggested_numbers`."""
        from starter.services.cases.numbers import suggested_numbers

        return await suggested_numbers(self.place, person)

    async def case(self, number: str) -> Shown:
        """See `describe_case`."""
        from starter.services.cases.reading import describe_case

        return await describe_case(self.place, number, await self.company())

    async def cases(self, wanted: Filter) -> list[Shown]:
        """See `list_cases`."""
        from starter.services.cases.listing import list_cases

        return await list_cases(self.place, wanted, await self.company())

    async def names(self) -> Mapping[str, Sequence[str]]:
        """See `known_names`."""
        from starter.services.cases.listing import known_names

        return await known_names(self.settings)

    async def stuck(self) -> tuple[list[Shown], str | None]:
        """See `find_stuck`."""
        from starter.services.system.stuck import find_stuck

        company = await self.company()
        found, warning = await find_stuck(self.settings, company)
        return [company.localized(asdict(one)) for one in found], warning

    async def messages(self, number: str | None, *, status: str | None, limit: int) -> list[Shown]:
        """See `list_messages`."""
        from starter.services.cases.listing import list_messages, message_json

        company = await self.company()
        rows = await list_messages(self.place, number, status=status, limit=limit)
        return [message_json(row, company) for row in rows]

    async def work(self, person: str) -> Shown:
        """See `work_of`."""
        from starter.services.cases.mine import work_of

        return await work_of(self.place, person, await self.company(), await self.people())

    async def customer_view(self, number: str, contact: str, locale: Locale | None) -> Shown | None:
        """See `customer_view`."""
        from starter.services.cases.reading import customer_view

        view = await customer_view(self.place, number, contact, locale)
        return None if view is None else (await self.company()).localized(view)

    async def files(self, number: str) -> list[Shown]:
        """See `files_of`."""
        from starter.services.cases.files import files_of
        from starter.services.cases.reading import unknown_case
        from worker.installation.installation import open_installation

        async with open_installation(self.settings) as installation:
            if await installation.register.form(number) is None:
                raise unknown_case(number)
            found = await files_of(installation, number)
        company = await self.company()
        return [{**company.localized(one.as_json()), "number": number} for one in found]

    async def write_file(self, file: Shown, folder: Path) -> Path:
        """See `write_out`."""
        from starter.services.cases.files import find_file, write_out
        from worker.installation.installation import open_installation

        async with open_installation(self.settings) as installation:
            found = await find_file(installation, file["number"], file["id"])
            if found is None:
                raise Problem(f"{file['number']}: {file['name']}: is not there any more")
            return await write_out(installation, found, folder)

    async def export(self, since: datetime | None, until: datetime | None) -> AsyncIterator[list[Shown] | str]:
        """See `exported_past`."""
        from starter.services.export import exported_past
        from worker.installation.installation import open_installation

        async with open_installation(self.settings) as installation:
            async for lines in exported_past(installation, await self.company(), since, until):
                yield lines

    async def export_count(self, since: datetime | None, until: datetime | None) -> int:
        """See `HistoryExport.count`."""
        from starter.services.export import count_past
        from worker.installation.installation import open_installation

        async with open_installation(self.settings) as installation:
            return await count_past(installation, since, until)
