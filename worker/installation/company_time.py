"""The time that cases go by (virtual in a demonstration), and how it is shown: in the company's time zone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from activities.database.reader import instant, read_remembered
from activities.database.url import DatabaseUrl
from workflows.domain.time.time_keys import ALL_TIMES, FREE_KEYS, TIME_KEYS
from workflows.domain.time.time_scale import TimeScale, time_scales, virtual_at

TIME_KEY, ZONE_KEY = "virtual_time", "zone"
"""Names of the installation's values that hold them; the first worker writes them."""
_DEFAULT_ZONE = "Asia/Shanghai"


class RecordSettings(Protocol):
    """All settings, or `ReadingSettings`: what says where the record is."""

    @property
    def database(self) -> str:
        """URL of the record."""


@dataclass(frozen=True)
class CompanyTime:
    """The cases' time, and the company's zone. `kept` is the JSON of a `VirtualTime`, empty for real time.

    It does without Pydantic, whose import would slow down every command that only reads.
    """

    kept: Mapping[str, Any] = field(default_factory=dict)
    zone: str = _DEFAULT_ZONE

    @classmethod
    async def read(cls, settings: RecordSettings) -> CompanyTime:
        """The cases' time as the installation with this record has it.

        Raises:
            Problem: its database cannot be read.
        """
        return cls.of(await read_remembered(DatabaseUrl.parse(settings.database)))

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> CompanyTime:
        """The cases' time from the values of an installation that were read already."""
        return cls(values.get(TIME_KEY) or {}, str(values.get(ZONE_KEY) or _DEFAULT_ZONE))

    def virtual(self, moment: datetime) -> datetime:
        """The cases' time at a moment of the wall clock, in UTC."""
        kept = self.kept
        if not kept or (kept["speed"] == 1 and kept["real_start"] == kept["virtual_start"] and not kept.get("paces")):
            return moment.astimezone(UTC)
        first = TimeScale(instant(kept["real_start"]), instant(kept["virtual_start"]), kept["speed"])
        paces = ((instant(pace["since"]), pace["speed"]) for pace in kept.get("paces") or ())
        return virtual_at(moment.astimezone(UTC), time_scales(first, paces))

    def now(self) -> datetime:
        """The cases' time now, in UTC."""
        return self.virtual(datetime.now(UTC))

    def local(self, moment: datetime | str) -> datetime:
        """The same moment in the company's zone."""
        return instant(moment).astimezone(ZoneInfo(self.zone))

    def text(self, moment: datetime | str | None, pattern: str = "%Y-%m-%d %H:%M") -> str:
        """A time in the company's zone as people read it; one that cannot be read as it is stored, none as nothing."""
        if not moment:
            return ""
        try:
            return self.local(moment).strftime(pattern)
        except (ValueError, OverflowError, TypeError, AttributeError):
            return str(moment)

    def localized(self, value: Any) -> Any:
        """JSON with every time in it in the company's zone, with its offset.

        A text is a time only under one of `TIME_KEYS`; a time that cannot be read, or that no calendar has in the
        zone, stays as it is stored.
        """
        return self._localized(value, is_time=False)

    def _localized(self, value: Any, *, is_time: bool, all_times: bool = False) -> Any:
        if isinstance(value, datetime) or (is_time and isinstance(value, str)):
            try:
                return self.local(value).isoformat()
            except (ValueError, OverflowError):
                return value.isoformat() if isinstance(value, datetime) else value
        if isinstance(value, dict):
            return {
                key: item
                if key in FREE_KEYS
                else self._localized(
                    item, is_time=all_times or key in TIME_KEYS, all_times=all_times or key == ALL_TIMES
                )
                for key, item in value.items()
            }
        if isinstance(value, list | tuple):
            return [self._localized(item, is_time=False, all_times=all_times) for item in value]
        return value
