"""The installation on this machine: its settings, read when they are first needed."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from worker.installation.company_time import CompanyTime
    from worker.installation.reading_settings import ReadingSettings
    from worker.installation.settings import Settings


class Installed:
    """What all parts of the port share."""

    def __init__(self, data: str | None) -> None:
        self._data = data
        self._company: CompanyTime | None = None

    @cached_property
    def place(self) -> ReadingSettings | Settings:
        """The settings that say where the record is; all settings take longer to load."""
        if "settings" in self.__dict__:
            return self.settings
        from worker.installation.reading_settings import load_reading_settings

        return load_reading_settings(self._data)

    @cached_property
    def settings(self) -> Settings:
        """All settings."""
        from worker.installation.settings import load_settings

        return load_settings(data=self._data)

    async def company(self) -> CompanyTime:
        """The cases' time, and the company's zone."""
        if self._company is None:
            from worker.installation.company_time import CompanyTime

            self._company = await CompanyTime.read(self.place)
        return self._company
