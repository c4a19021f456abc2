"""What time it is for the cases, and how it is shown: by the company's wall clock."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from activities.database_url import DatabaseUrl
from activities.remembered import read_remembered
from workflows.domain.virtual_time import VirtualTime

TIME_KEY, ZONE_KEY = "virtual_time", "zone"
"""Names under which the installation remembers them; whoever opens it to work settles them."""
_DEFAULT_ZONE = "Asia/Shanghai"
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)")


class RecordPlace(Protocol):
    """Settings, or the part of them that says where the record is."""

    @property
    def database(self) -> str:
        """URL of the record."""


@dataclass(frozen=True)
class CompanyTime:
    """The cases' time, and the company's zone."""

    time: VirtualTime
    zone: str = _DEFAULT_ZONE

    @classmethod
    async def read(cls, where: RecordPlace) -> CompanyTime:
        """What the installation with this record goes by.

        Raises:
            Problem: its database cannot be read.
        """
        kept = await read_remembered(DatabaseUrl.parse(where.database))
        time = VirtualTime.model_validate(kept.get(TIME_KEY) or {})
        return cls(time, str(kept.get(ZONE_KEY) or _DEFAULT_ZONE))

    def now(self) -> datetime:
        """The moment the rules see, in UTC."""
        return self.time.virtual(datetime.now(UTC))

    def local(self, moment: datetime | str) -> datetime:
        """The same moment on the company's wall clock."""
        parsed = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
        return parsed.astimezone(ZoneInfo(self.zone))

    def localized(self, value: Any) -> Any:
        """JSON with every time in it on the company's wall clock, with its offset."""
        if isinstance(value, datetime):
            return self.local(value).isoformat()
        if isinstance(value, str):
            return self.local(value).isoformat() if _INSTANT.fullmatch(value) else value
        if isinstance(value, dict):
            return {key: self.localized(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.localized(item) for item in value]
        return value
